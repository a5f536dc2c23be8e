#include "view/processes.h"

#include "base/text.h"
#include "view/members.h"

#include <algorithm>
#include <cstdio>

#include <dirent.h>
#include <map>
#include <memory>
#include <pwd.h>
#include <set>
#include <unistd.h>

namespace jails::view {
namespace {

// fgetpwent(3), because getpwuid(3) wants modules of NSS, which a static program cannot rely on.
std::map<uint32_t, std::string> host_users() {
  std::map<uint32_t, std::string> users;
  const std::unique_ptr<FILE, int (*)(FILE *)> file(fopen("/etc/passwd", "re"), fclose);
  while (file) {
    const passwd *entry = fgetpwent(file.get());
    if (entry == nullptr) break;
    users.try_emplace(entry->pw_uid, printable(entry->pw_name)); // the first of a number, as getpwuid(3) does
  }
  return users;
}

class Reader {
public:
  std::optional<Process> read(const Held &held, const JailRow &row, pid_t pid, Role role) const {
    const auto stat = parse_stat(held.read("stat"));
    const auto uid = effective_uid(held.read("status"));
    if (!stat || !uid) return std::nullopt;
    const auto user = users_.find(*uid);
    return Process{.jid = row.jid,
                   .jail = row.name,
                   .role = role,
                   .pid = pid,
                   .ppid = stat->ppid,
                   .uid = *uid,
                   .user = user == users_.end() ? "" : user->second,
                   .state = state_text(*stat, pid),
                   .tty = tty_text(stat->tty),
                   .cpu_ticks = stat->cpu_ticks * 100 / hertz_,
                   .rss_bytes = stat->rss_pages * page_,
                   .threads = stat->threads,
                   .command = command_text(held.read("cmdline"), *stat)};
  }

private:
  std::map<uint32_t, std::string> users_ = host_users();
  uint64_t hertz_ = static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  uint64_t page_ = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
};

// Zombies are in no cgroup.procs, and still in their cgroup by /proc/PID/cgroup (Linux 5.2) and counted by its limit.
std::vector<pid_t> zombies(int proc, const std::set<pid_t> &known) {
  std::vector<pid_t> found;
  const std::unique_ptr<DIR, int (*)(DIR *)> dir(opendir("/proc"), closedir);
  while (const dirent *entry = dir ? readdir(dir.get()) : nullptr) {
    const auto pid = parse_int<pid_t>(entry->d_name);
    if (!pid || known.contains(*pid)) continue;
    const auto held = Held::open(proc, *pid);
    const auto stat = held ? parse_stat(held->read("stat")) : std::nullopt;
    if (stat && stat->state == 'Z') found.push_back(*pid);
  }
  return found;
}

} // namespace

std::string_view to_string(Role role) {
  switch (role) {
  case Role::Anchor: return "anchor";
  case Role::Supervisor: return "supervisor";
  case Role::Member: break;
  }
  return "member";
}

Result<std::vector<Process>> processes_of(const Instance &instance, std::span<const JailRow> rows) {
  const auto jails = TRY(members_of(instance, rows));
  const Fd proc = TRY(open_proc());
  const Reader reader;
  std::set<pid_t> known;
  for (const auto &jail : jails) known.insert(jail.pids.begin(), jail.pids.end());
  const auto ended = zombies(proc.get(), known);
  std::vector<Process> all;
  for (const auto &jail : jails) {
    std::vector<Process> members;
    const auto add = [&](const std::optional<Held> &held, pid_t pid, Role role) {
      auto process = held ? reader.read(*held, jail.row, pid, role) : std::nullopt;
      if (process) members.push_back(std::move(*process));
    };
    for (const auto *pids : {&jail.pids, &ended})
      for (const pid_t pid : *pids)
        add(hold_member(proc.get(), jail, pid), pid, pid == jail.row.anchor ? Role::Anchor : Role::Member);
    if (jail.supervisor != 0) add(Held::open(proc.get(), jail.supervisor), jail.supervisor, Role::Supervisor);
    sort_as_tree(members);
    std::ranges::move(members, std::back_inserter(all));
  }
  return all;
}

} // namespace jails::view
