#include "cgroup/group.h"

#include "base/text.h"
#include "sys/file.h"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jails::cgroup {
namespace {

Status make_directory(const std::string &path) {
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno(path);
  return {};
}

// rmdir can be EBUSY for a moment after the last process is gone: the kernel empties a cgroup after the exit is seen.
Status remove_directory(const std::string &path) {
  for (int tries = 0;; tries++) {
    if (rmdir(path.c_str()) == 0 || errno == ENOENT) return {};
    if (errno != EBUSY || tries == 2000) return fail_errno(path);
    usleep(tries < 20 ? 50 : 1000);
  }
}

// v2: a controller must be enabled in every level above (cgroups(7)). Only when it is not: writing needs a moment.
Status enable_controller(const std::string &directory, const std::string &controller) {
  const std::string file = directory + "/cgroup.subtree_control";
  const std::string enabled = TRY(sys::read_file(file, 4096));
  for (auto word : split(trim(enabled), ' '))
    if (word == controller) return {};
  return sys::write_file(file, "+" + controller);
}

bool has_v2_controller(const Hierarchies &where, const std::string &controller) {
  const auto text = sys::read_file(where.v2 + "/cgroup.controllers", 4096);
  if (!text) return false;
  for (auto word : split(trim(*text), ' '))
    if (word == controller) return true;
  return false;
}

struct Write {
  const char *file;
  std::string value;
};
struct Setting {
  const char *limit, *controller;
  std::vector<Write> v1, v2; // what to write where, in this order
};

// Open files are a per-process limit set at launch; socket buffers are memory of the jail.
std::vector<Setting> settings_of(const Limits &limits) {
  std::vector<Setting> settings;
  if (limits.memory) {
    const std::string bytes = std::to_string(*limits.memory);
    settings.push_back({"memory", "memory", {{"memory.limit_in_bytes", bytes}}, {{"memory.max", bytes}}});
  }
  if (limits.processes) {
    const std::string count =
        std::to_string(*limits.processes + 1); // the anchor is a member, and not one of the jail's own
    settings.push_back({"processes", "pids", {{"pids.max", count}}, {{"pids.max", count}}});
  }
  if (limits.cpu_quota && limits.cpu_period) {
    const std::string period = std::to_string(*limits.cpu_period);
    const std::string quota =
        std::to_string(*limits.cpu_quota * 10000); // a tick is 1/100 s, the files want microseconds
    settings.push_back({"cpu_quota",
                        "cpu",
                        {{"cpu.cfs_period_us", period}, {"cpu.cfs_quota_us", quota}},
                        {{"cpu.max", quota + " " + period}}});
  }
  return settings;
}

} // namespace

Result<Group> Group::create(const Hierarchies &where, const std::string &parent, const JailName &name,
                            const Limits &limits) {
  Group group;
  group.name_ = name.str();
  const std::string v2_parent = where.v2 + "/" + parent;
  group.parts_.push_back({"", v2_parent});
  const auto settings = settings_of(limits);
  for (const auto &setting : settings) {
    const auto v1 = where.v1.find(setting.controller);
    if (v1 != where.v1.end()) {
      group.parts_.push_back({setting.controller, v1->second + "/" + parent});
      TRY(make_directory(v1->second + "/" + parent));
    } else if (has_v2_controller(where, setting.controller)) {
      TRY(enable_controller(where.v2, setting.controller));
      TRY(enable_controller(v2_parent, setting.controller));
    } else {
      return fail(ErrorKind::Unsupported, fmt::format("limit '{}': this host has no '{}' cgroup controller",
                                                      setting.limit, setting.controller));
    }
  }
  for (const auto &part : group.parts_) {
    const std::string path = part.parent + "/" + group.name_;
    if (mkdir(path.c_str(), 0755) != 0) {
      if (errno != EEXIST) return fail_errno("cgroup " + path);
      if (rmdir(path.c_str()) != 0 || mkdir(path.c_str(), 0755) != 0) return fail_errno("cgroup " + path);
    }
  }
  for (const auto &setting : settings) {
    const bool v1 = where.v1.contains(setting.controller);
    const std::string base = (v1 ? where.v1.at(setting.controller) : where.v2) + "/" + parent + "/" + group.name_ + "/";
    for (const auto &write : v1 ? setting.v1 : setting.v2)
      TRY_IN(fmt::format("limit '{}'", setting.limit), sys::write_file(base + write.file, write.value));
  }
  group.v2_ = Fd(::open((v2_parent + "/" + group.name_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat st{};
  if (!group.v2_ || fstat(group.v2_.get(), &st) != 0) return fail_errno("cgroup " + group.name_);
  group.id_ = st.st_ino;
  return group;
}

Result<Group> Group::open(const Hierarchies &where, const std::string &parent, const JailName &name) {
  Group group;
  group.name_ = name.str();
  group.parts_.push_back({"", where.v2 + "/" + parent});
  for (const auto &[controller, mount] : where.v1)
    if (access((mount + "/" + parent + "/" + group.name_).c_str(), F_OK) == 0)
      group.parts_.push_back({controller, mount + "/" + parent});
  group.v2_ = Fd(::open((where.v2 + "/" + parent + "/" + group.name_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat st{};
  if (!group.v2_ || fstat(group.v2_.get(), &st) != 0) return fail_errno("cgroup " + group.name_);
  group.id_ = st.st_ino;
  return group;
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
