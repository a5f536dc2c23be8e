#include "verify/host.h"

#include "abi/capability_policy.h"
#include "base/text.h"
#include "cgroup/group.h"
#include "sys/file.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <dirent.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>
#include <optional>
#include <unistd.h>

namespace jails::verify {
namespace {

constexpr size_t kMaxProc = 1U << 20U;

// What one check saw: how much there was to look at, and what was wrong with it.
struct Seen {
  size_t count = 0;
  const char *of = "";
  std::vector<std::string> wrong;
};

std::vector<pid_t> numbers_in(const std::string &directory) {
  std::vector<pid_t> numbers;
  const std::unique_ptr<DIR, int (*)(DIR *)> dir(opendir(directory.c_str()), closedir);
  while (dir != nullptr) {
    const dirent *entry = readdir(dir.get());
    if (entry == nullptr) break;
    if (const auto pid = parse_int<pid_t>(entry->d_name)) numbers.push_back(*pid);
  }
  return numbers;
}

// "mnt:[4026531841]"; empty: the process is gone, or a zombie.
std::string namespace_of(pid_t pid, const char *kind) {
  char text[64];
  const ssize_t n = readlink(fmt::format("/proc/{}/ns/{}", pid, kind).c_str(), text, sizeof text);
  return n <= 0 ? std::string() : std::string(text, static_cast<size_t>(n));
}

std::string value_of(std::string_view status, std::string_view key) {
  for (const auto line : split(status, '\n'))
    if (line.starts_with(key) && line.substr(key.size()).starts_with(':'))
      return std::string(trim(line.substr(key.size() + 1)));
  return {};
}

uint64_t mask_of(std::string_view status, std::string_view key) {
  uint64_t mask = ~uint64_t{0}; // what cannot be read counts as everything
  const std::string text = value_of(status, key);
  (void)std::from_chars(text.data(), text.data() + text.size(), mask, 16);
  return mask;
}

uint64_t capabilities_of(const Subject &subject) {
  return sj_capabilities(subject.profile(), subject.permissions, has_low_port(subject.row.ports) ? 1 : 0);
}

Result<Seen> guards(const Subject &subject) {
  Seen seen{1, "set, complete", {}};
  const auto held = TRY(Tables::open(subject.instance)).check_guards();
  if (!held) seen.wrong.push_back(held.error().text());
  return seen;
}

// Who is in the jail's mount namespace is in its cgroups, v1 and v2, and the other way round.
Result<Seen> membership(const Subject &subject) {
  Seen seen{0, "processes", {}};
  const std::string inside = namespace_of(subject.row.anchor, "mnt");
  const auto cgroups = TRY(sys::read_file(fmt::format("/proc/{}/cgroup", subject.row.anchor), kMaxProc));
  const auto all = numbers_in("/proc");
  const auto members = TRY(members_of(subject));
  for (const pid_t pid : all) {
    const std::string ns = namespace_of(pid, "mnt");
    if (ns.empty()) continue;
    const bool member = members.contains(pid);
    if (ns != inside) {
      if (member) seen.wrong.push_back(fmt::format("process {} is in the cgroup and came from outside", pid));
      continue;
    }
    seen.count++;
    if (!member && !TRY(members_of(subject)).contains(pid) && namespace_of(pid, "mnt") == inside) {
      seen.wrong.push_back(fmt::format("process {} is not in the jail's cgroup", pid));
      continue;
    }
    const auto own = sys::read_file(fmt::format("/proc/{}/cgroup", pid), kMaxProc);
    if (own && *own != cgroups) seen.wrong.push_back(fmt::format("process {} is not in the anchor's cgroups", pid));
  }
  return seen;
}

void judge_thread(const Subject &subject, pid_t task, const std::string &status, Seen &seen) {
  seen.count++;
  auto wrong = [&](const std::string &what) { seen.wrong.push_back(fmt::format("thread {}: {}", task, what)); };
  if (const auto mode = value_of(status, "Seccomp"); mode != "2")
    wrong("no system call filter (Seccomp: " + mode + ")");
  if (sj_no_new_privs(subject.permissions) != 0 && value_of(status, "NoNewPrivs") != "1") wrong("no no_new_privs");
  const uint64_t most = capabilities_of(subject);
  for (const char *set : {"CapBnd", "CapPrm", "CapEff", "CapInh", "CapAmb"})
    if (const uint64_t has = mask_of(status, set); (has & ~most) != 0)
      wrong(fmt::format("{} is {:#x}, at most {:#x}", set, has, most));
}

Result<Seen> threads(const Subject &subject) {
  Seen seen{0, "threads", {}};
  for (const pid_t pid : TRY(members_of(subject)))
    for (const pid_t task : numbers_in(fmt::format("/proc/{}/task", pid))) {
      const auto status = sys::read_file(fmt::format("/proc/{}/task/{}/status", pid, task), kMaxProc);
      if (!status || value_of(*status, "State").starts_with('Z')) continue; // it ended
      judge_thread(subject, task, *status, seen);
    }
  return seen;
}

Result<Seen> namespaces(const Subject &subject) {
  Seen seen{0, "processes", {}};
  for (const pid_t pid : TRY(members_of(subject))) {
    for (const char *kind : {"mnt", "ipc", "uts", "cgroup"}) {
      const std::string ns = namespace_of(pid, kind);
      if (ns.empty()) break;
      seen.count += kind == std::string_view("mnt") ? 1 : 0;
      if (ns == namespace_of(getpid(), kind))
        seen.wrong.push_back(fmt::format("process {} is in the host's {} namespace", pid, kind));
      else if (ns != namespace_of(subject.row.anchor, kind))
        seen.wrong.push_back(fmt::format("process {} is not in the jail's {} namespace", pid, kind));
    }
  }
  return seen;
}

Result<Seen> mounts(const Subject &subject) {
  Seen seen{0, "mounts", {}};
  const auto table = TRY(sys::read_file(fmt::format("/proc/{}/mountinfo", subject.row.anchor), kMaxProc));
  bool hides = false;
  for (const auto line : split(table, '\n')) {
    if (line.empty()) continue;
    seen.count++;
    const auto words = split(line, ' ');
    const std::string target = words.size() > 5 ? printable(words[4]) : "?";
    for (const auto word : words) {
      if (word == "-") break;
      if (word.starts_with("shared:") || word.starts_with("master:"))
        seen.wrong.push_back(fmt::format("{} is joined to a mount of the host", target));
    }
    if (words.size() > 5 && words[4] == "/proc") hides = hides || line.find("hidepid=") != line.npos;
    if (words.size() > 5 && words[4] == "/sys" && !words[5].starts_with("ro"))
      seen.wrong.emplace_back("/sys can be written");
  }
  if (!hides) seen.wrong.emplace_back("/proc hides nobody (no hidepid)");
  return seen;
}

// The door of the jail holds its channel and three times the jail's null, nothing of the host.
Result<Seen> anchor(const Subject &subject) {
  Seen seen{1, "anchor", {}};
  const pid_t pid = subject.row.anchor;
  auto fds = numbers_in(fmt::format("/proc/{}/fd", pid));
  std::ranges::sort(fds);
  if (fds != std::vector<pid_t>{0, 1, 2, 3})
    seen.wrong.push_back(fmt::format("its descriptors are {}, must be 0, 1, 2, 3", fmt::join(fds, ", ")));
  const auto status = TRY(sys::read_file(fmt::format("/proc/{}/status", pid), kMaxProc));
  for (const char *set : {"CapBnd", "CapPrm", "CapEff"})
    if (const uint64_t has = mask_of(status, set); has != capabilities_of(subject))
      seen.wrong.push_back(fmt::format("{} is {:#x}, must be {:#x}", set, has, capabilities_of(subject)));
  return seen;
}

struct HostCheck {
  const char *id, *tried, *expected;
  Result<Seen> (*look)(const Subject &subject);
};
constexpr HostCheck kChecks[] = {
    {"guards", "the BPF programs that guard jails", "all attached", guards},
    {"membership", "who is in the jail's cgroups", "all of it, no more", membership},
    {"threads", "filter, no_new_privs, capabilities of each thread", "as in the profile", threads},
    {"own-namespaces", "mount, IPC, UTS, cgroup namespaces", "its own", namespaces},
    {"mounts", "the jail's mount table", "private", mounts},
    {"anchor", "what the anchor holds", "as in the profile", anchor},
};

} // namespace

Result<std::set<pid_t>> members_of(const Subject &subject) {
  const auto where = TRY(cgroup::Hierarchies::discover());
  const auto group =
      TRY(cgroup::Group::open(where, subject.instance.cgroup_name(), TRY(JailName::parse(subject.row.name))));
  const auto pids = TRY(group.processes());
  return std::set<pid_t>(pids.begin(), pids.end());
}

std::vector<Row> host_rows(const Subject &subject) {
  std::vector<Row> rows;
  for (const auto &check : kChecks) {
    Row row{check.id, check.tried, check.expected, {}, Verdict::Ok};
    const auto seen = check.look(subject);
    if (!seen) {
      row.happened = "cannot be seen: " + seen.error().text();
    } else if (!seen->wrong.empty()) {
      row.happened = seen->wrong.front();
      if (seen->wrong.size() > 1) row.happened += fmt::format("; and {} more", seen->wrong.size() - 1);
    } else {
      row.happened = fmt::format("{} {}", seen->count, seen->of);
    }
    if (!seen || !seen->wrong.empty() || seen->count == 0) row.verdict = Verdict::Gap;
    rows.push_back(std::move(row));
  }
  return rows;
}

} // namespace jails::verify
