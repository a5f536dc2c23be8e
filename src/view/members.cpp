#include "view/members.h"

#include "base/text.h"
#include "cgroup/hierarchy.h"
#include "sys/file.h"
#include "sys/lock.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace jails::view {
namespace {

constexpr size_t kMaxProcs = 64U << 20U;

// A cgroup and those below it: an administrator may have divided a jail's, and its members are members there too.
void walk(const std::string &path, Members &to) {
  const std::unique_ptr<DIR, int (*)(DIR *)> dir(opendir(path.c_str()), closedir);
  struct stat st{};
  if (!dir || fstat(dirfd(dir.get()), &st) != 0) return; // removed meanwhile
  to.ids.push_back(st.st_ino);
  // Fails in a threaded cgroup (EOPNOTSUPP), whose processes stand in the one above.
  const auto text = sys::read_file_at(dirfd(dir.get()), "cgroup.procs", kMaxProcs);
  for (const auto line : split(text ? std::string_view(*text) : std::string_view(), '\n'))
    if (const auto pid = parse_int<pid_t>(line)) to.pids.push_back(*pid);
  while (const dirent *entry = readdir(dir.get()))
    if (entry->d_type == DT_DIR && std::string_view(entry->d_name) != "." && std::string_view(entry->d_name) != "..")
      walk(path + "/" + entry->d_name, to);
}

} // namespace

bool Members::has(std::string_view proc_cgroup) const {
  const auto path = v2_path(proc_cgroup);
  return path.starts_with(cgroup) && (path.size() == cgroup.size() || path[cgroup.size()] == '/');
}

Result<std::vector<Members>> members_of(const Instance &instance, std::span<const JailRow> rows) {
  const auto where = TRY(cgroup::Hierarchies::discover());
  std::vector<Members> all;
  for (const auto &row : rows) {
    Members &one = all.emplace_back(row, "/" + instance.cgroup_name() + "/" + row.name);
    walk(where.v2 + one.cgroup, one);
    const auto name = TRY(JailName::parse(row.name));
    // The row keeps the number of a supervisor that was killed.
    if (sys::FileLock::held(instance.jail_run_dir(name) + "/supervisor.lock")) one.supervisor = row.supervisor;
  }
  return all;
}

std::optional<Held> hold_member(int proc, const Members &jail, pid_t pid) {
  auto held = Held::open(proc, pid);
  if (!held || !jail.has(held->read("cgroup"))) return std::nullopt; // gone, and perhaps its number is another's
  return held;
}

Result<Fd> open_proc() {
  Fd proc(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc) return fail_errno("/proc");
  return proc;
}

} // namespace jails::view
