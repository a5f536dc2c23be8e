#include "cgroup/group.h"

#include "base/scope.h"
#include "base/text.h"
#include "cgroup/place.h"
#include "sys/file.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fmt/format.h>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace jails::cgroup {
namespace {

// rmdir can be EBUSY for a moment after the last process is gone: the kernel empties a cgroup after the exit is seen.
Status remove_directory(const std::string &path) {
  for (int tries = 0;; tries++) {
    if (rmdir(path.c_str()) == 0 || errno == ENOENT) return {};
    if (errno != EBUSY || tries == 2000) return fail_errno(path);
    usleep(tries < 20 ? 50 : 1000);
  }
}

} // namespace

Result<Group> Group::create(const Hierarchies &where, const std::string &parent, const JailName &name,
                            const Limits &limits, const std::string &root) {
  Group group;
  group.name_ = name.str();
  const std::string v2_parent = where.v2 + "/" + parent;
  group.parts_.push_back({"", v2_parent});
  const Wanted wanted = TRY(find_devices(limits, root, group.warnings_));
  auto placement = TRY(place(where, settings_of(wanted), limits.best_effort));
  std::ranges::move(placement.warnings, std::back_inserter(group.warnings_));
  for (const auto &placed : placement.placed) {
    TRY(prepare_parent(placed, parent));
    if (placed.v1 && !group.has_part(placed.controller))
      group.parts_.push_back({placed.controller, placed.hierarchy + "/" + parent});
  }
  std::vector<std::string> made;
  ScopeExit remove_again([&] {
    for (const auto &path : made) (void)rmdir(path.c_str());
  });
  for (const auto &part : group.parts_) {
    const std::string path = part.parent + "/" + group.name_;
    if (mkdir(path.c_str(), 0755) != 0) {
      if (errno != EEXIST) return fail_errno("cgroup " + path);
      if (rmdir(path.c_str()) != 0 || mkdir(path.c_str(), 0755) != 0) return fail_errno("cgroup " + path);
    }
    made.push_back(path);
  }
  for (const auto &placed : placement.placed) TRY(write_setting(placed, parent, group.name_));
  TRY(group.open_v2());
  remove_again.dismiss();
  return group;
}

Result<Group> Group::open(const Hierarchies &where, const std::string &parent, const JailName &name) {
  Group group;
  group.name_ = name.str();
  group.parts_.push_back({"", where.v2 + "/" + parent});
  for (const auto &[controller, mount] : where.v1)
    if (access((mount + "/" + parent + "/" + group.name_).c_str(), F_OK) == 0)
      group.parts_.push_back({controller, mount + "/" + parent});
  TRY(group.open_v2());
  return group;
}

Status Group::open_v2() {
  v2_ = Fd(::open((parts_[0].parent + "/" + name_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat st{};
  if (!v2_ || fstat(v2_.get(), &st) != 0) return fail_errno("cgroup " + name_);
  id_ = st.st_ino;
  return {};
}

bool Group::has_part(std::string_view controller) const {
  return std::ranges::find(parts_, controller, &Part::controller) != parts_.end();
}

std::string Group::directory(std::string_view controller) const {
  const auto part = std::ranges::find(parts_, controller, &Part::controller);
  return part == parts_.end() ? "" : part->parent + "/" + name_;
}

Result<std::vector<Fd>> Group::v1_procs() const {
  std::vector<Fd> files;
  for (const auto &part : parts_) {
    if (part.controller.empty()) continue;
    const std::string path = part.parent + "/" + name_ + "/cgroup.procs";
    files.emplace_back(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!files.back()) return fail_errno(path);
  }
  return files;
}

Result<std::vector<pid_t>> Group::processes() const {
  const std::string text = TRY(sys::read_file_at(v2_.get(), "cgroup.procs", 64U << 20U));
  std::vector<pid_t> pids;
  for (auto line : split(text, '\n'))
    if (auto pid = parse_int<pid_t>(line)) pids.push_back(*pid);
  return pids;
}

Result<size_t> Group::count_others(pid_t except) const {
  size_t count = 0;
  for (const pid_t pid : TRY(processes())) count += pid != except ? 1 : 0;
  return count;
}

Result<bool> Group::populated() const {
  const std::string events = TRY(sys::read_file_at(v2_.get(), "cgroup.events", 4096));
  return events.find("populated 1") != std::string::npos;
}

Status Group::freeze(bool stop) const { return sys::write_file_at(v2_.get(), "cgroup.freeze", stop ? "1" : "0"); }

Result<bool> Group::frozen() const {
  return TRY(sys::read_file_at(v2_.get(), "cgroup.events", 4096)).find("frozen 1") != std::string::npos;
}

Status Group::kill() const {
  auto done = sys::write_file_at(v2_.get(), "cgroup.kill", "1");
  if (!done && done.error().sys_errno() == ENODEV) return {}; // removed meanwhile: nobody is in it
  return done;
}

Status Group::wait_empty(int timeout_ms) const {
  const Fd events(openat(v2_.get(), "cgroup.events", O_RDONLY | O_CLOEXEC));
  if (!events) return errno == ENOENT || errno == ENODEV ? Status{} : fail_errno("cgroup.events");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  // Looking again and again rather than poll(2): the kernel notifies of this file at most every 10 ms
  // (CGROUP_FILE_NOTIFY_MIN_INTV), and an end takes a tenth of that.
  for (useconds_t pause = 50;; pause = std::min<useconds_t>(pause * 2, 5000)) {
    char text[256];
    const ssize_t n = pread(events.get(), text, sizeof text, 0);
    if (n < 0) return errno == ENODEV ? Status{} : fail_errno("cgroup.events");
    if (std::string_view(text, static_cast<size_t>(n)).find("populated 0") != std::string_view::npos) return {};
    if (std::chrono::steady_clock::now() >= deadline)
      return fail(ErrorKind::Busy, fmt::format("cgroup {}: processes are left after {} ms", name_, timeout_ms));
    usleep(pause);
  }
}

Status Group::remove() {
  v2_.reset();
  for (const auto &part : parts_) TRY(remove_directory(part.parent + "/" + name_));
  return {};
}

void remove_parents(const Hierarchies &where, const std::string &parent) {
  for (const auto &[controller, mount] : where.v1) (void)rmdir((mount + "/" + parent).c_str());
}

} // namespace jails::cgroup
