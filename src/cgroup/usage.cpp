#include "cgroup/usage.h"

#include "base/text.h"
#include "cgroup/control.h"
#include "cgroup/device.h"
#include "cgroup/files.h"
#include "sys/file.h"

#include <algorithm>
#include <dirent.h>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

namespace jails::cgroup {
namespace {

std::optional<double> real(std::optional<uint64_t> value) {
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}
std::string shown(std::optional<uint64_t> value) { return value ? std::to_string(*value) : ""; }

std::string configured(const Limits &limits, std::string_view key) { return find_limit(key)->text(limits); }

void add_memory(std::vector<LimitUse> &uses, const Group &group, const Limits &limits) {
  const Files memory(group, "memory", "memory", "memory.max");
  const std::string events = memory.text("memory.oom_control", "memory.events");
  uses.push_back({.limit = "memory",
                  .configured = configured(limits, "memory"),
                  .active = shown(memory.value("memory.limit_in_bytes", "memory.max")),
                  .current = real(memory.value("memory.usage_in_bytes", "memory.current")),
                  .peak = real(memory.value("memory.max_usage_in_bytes", "memory.peak")),
                  .hits = memory.v1 ? memory.value("memory.failcnt", nullptr) : keyed_value(events, "max"),
                  .by = memory.by});
  uses.push_back({.limit = "memory_high",
                  .configured = configured(limits, "memory_high"),
                  .active = shown(memory.value(nullptr, "memory.high")),
                  .current = {},
                  .peak = {},
                  .hits = keyed_value(events, "high"),
                  .by = memory.v1 ? "" : memory.by});
  LimitUse swap{.limit = "swap",
                .configured = configured(limits, "swap"),
                .active = shown(memory.value(nullptr, "memory.swap.max")),
                .current = real(memory.value(nullptr, "memory.swap.current")),
                .peak = real(memory.value(nullptr, "memory.swap.peak")),
                .hits = keyed_value(memory.text(nullptr, "memory.swap.events"), "max"),
                .by = memory.by};
  if (memory.v1) { // both together; what swap may be is the difference
    const auto both = memory.value("memory.memsw.limit_in_bytes", nullptr);
    const auto alone = memory.value("memory.limit_in_bytes", nullptr);
    if (both && alone && *both >= *alone) swap.active = std::to_string(*both - *alone);
    swap.hits = memory.value("memory.memsw.failcnt", nullptr);
  }
  uses.push_back(std::move(swap));
  const bool grouped = limits.oom == OomKill::Group;
  uses.push_back({.limit = "oom",
                  .configured = limits.memory ? (grouped ? "group" : "process") : "",
                  .active = memory.v1 ? (grouped ? "group" : "process")
                                      : (memory.text(nullptr, "memory.oom.group") == "1" ? "group" : "process"),
                  .current = {},
                  .peak = {},
                  .hits = keyed_value(events, "oom_kill"),
                  .by = memory.v1 && grouped ? "supervisor" : memory.by});
  if (memory.dir.empty()) uses.back().active.clear();
  LimitUse sockets{.limit = "sockbuf",
                   .configured = configured(limits, "sockbuf"),
                   .active = shown(memory.value("memory.kmem.tcp.limit_in_bytes", nullptr)),
                   .current = real(memory.value("memory.kmem.tcp.usage_in_bytes", nullptr)),
                   .peak = real(memory.value("memory.kmem.tcp.max_usage_in_bytes", nullptr)),
                   .hits = memory.value("memory.kmem.tcp.failcnt", nullptr),
                   .by = memory.v1 ? memory.by : ""};
  if (!memory.v1) sockets.current = real(keyed_value(memory.text(nullptr, "memory.stat"), "sock"));
  uses.push_back(std::move(sockets));
}

// The anchor is counted by the kernel, and not one of the jail's own.
std::optional<uint64_t> without_anchor(std::optional<uint64_t> count) {
  return count && *count > 0 ? std::optional(*count - 1) : count;
}

void add_processes(std::vector<LimitUse> &uses, const Group &group, const Limits &limits, pid_t anchor) {
  const Files pids(group, "pids", "pids", "pids.max");
  LimitUse use{.limit = "processes",
               .configured = configured(limits, "processes"),
               .active = shown(without_anchor(pids.value("pids.max", "pids.max"))),
               .current = real(without_anchor(pids.value("pids.current", "pids.current"))),
               .peak = real(without_anchor(pids.value("pids.peak", "pids.peak"))),
               .hits = keyed_value(pids.text("pids.events", "pids.events"), "max"),
               .by = pids.by};
  if (!use.current)
    if (const auto count = group.count_others(anchor)) use.current = static_cast<double>(*count);
  uses.push_back(std::move(use));
}

size_t open_files(pid_t pid) {
  const std::unique_ptr<DIR, int (*)(DIR *)> dir(opendir(fmt::format("/proc/{}/fd", pid).c_str()), closedir);
  size_t count = 0;
  while (dir && readdir(dir.get()) != nullptr) count++;
  return count > 2 ? count - 2 : 0; // "." and ".."
}

// /proc/PID/limits: "Max open files            50                   50                   files"
std::string file_limit(pid_t pid) {
  constexpr std::string_view kName = "Max open files";
  const auto text = sys::read_file(fmt::format("/proc/{}/limits", pid), 65536);
  if (!text) return "";
  for (auto line : split(*text, '\n')) {
    if (!line.starts_with(kName)) continue;
    const auto soft = trim(line.substr(kName.size()));
    const auto hard = trim(soft.substr(std::min(soft.find(' '), soft.size())));
    return std::string(hard.substr(0, hard.find(' ')));
  }
  return "";
}

void add_files(std::vector<LimitUse> &uses, const Group &group, const Limits &limits, pid_t anchor) {
  size_t most = 0;
  const auto pids = group.processes();
  for (const pid_t pid : pids ? *pids : std::vector<pid_t>{})
    if (pid != anchor) most = std::max(most, open_files(pid));
  uses.push_back({.limit = "files",
                  .configured = configured(limits, "files"),
                  .active = file_limit(anchor),
                  .current = static_cast<double>(most),
                  .peak = {},
                  .hits = {},
                  .by = "each process"});
}

// Of the v2 cgroup, which counts without any controller (Linux 4.15).
uint64_t cpu_microseconds(const Group &group) {
  const auto text = sys::read_file(group.directory("") + "/cpu.stat", kMaxText);
  return text ? keyed_value(*text, "usage_usec").value_or(0) : 0;
}

void add_cpu(std::vector<LimitUse> &uses, const Group &group, const Limits &limits) {
  constexpr useconds_t kSpan = 100000;
  const uint64_t before = cpu_microseconds(group);
  usleep(kSpan);
  const double used = static_cast<double>((cpu_microseconds(group) - before) * 1000 / kSpan) / 1000;
  const Files cpu(group, "cpu", "cpu", "cpu.max");
  std::string active = cpu.text(nullptr, "cpu.max");
  std::ranges::replace(active, ' ', '/');
  if (const auto quota = cpu.value("cpu.cfs_quota_us", nullptr); quota && cpu.v1)
    active = fmt::format("{}/{}", *quota, cpu.text("cpu.cfs_period_us", nullptr));
  if (active.starts_with("max")) active.clear();
  std::string wanted = configured(limits, "cpu");
  if (limits.cpu_quota) wanted = fmt::format("{}t/{}us", *limits.cpu_quota, limits.cpu_period.value_or(0));
  uses.push_back({.limit = "cpu",
                  .configured = std::move(wanted),
                  .active = std::move(active),
                  .current = used,
                  .peak = {},
                  .hits = keyed_value(cpu.text("cpu.stat", "cpu.stat"), "nr_throttled"),
                  .by = cpu.by});
  uses.push_back({.limit = "cpu_weight",
                  .configured = configured(limits, "cpu_weight"),
                  .active = cpu.v1 ? cpu.text("cpu.shares", nullptr) + " shares" : cpu.text(nullptr, "cpu.weight"),
                  .current = {},
                  .peak = {},
                  .hits = {},
                  .by = cpu.by});
  const Files set(group, "cpuset", "cpuset", "cpuset.cpus");
  uses.push_back({.limit = "cpus",
                  .configured = limits.cpus,
                  .active = set.text("cpuset.effective_cpus", "cpuset.cpus.effective"),
                  .current = {},
                  .peak = {},
                  .hits = {},
                  .by = set.by});
}

// One row for each device that has a rate.
void add_io(std::vector<LimitUse> &uses, const Group &group, const Limits &limits, const std::string &root) {
  struct Rate {
    const char *key;
    std::optional<uint64_t> IoLimit::*member;
    const char *v1, *v2;
  };
  constexpr Rate kRates[] = {{"io_read", &IoLimit::read_bytes, "blkio.throttle.read_bps_device", "rbps"},
                             {"io_write", &IoLimit::write_bytes, "blkio.throttle.write_bps_device", "wbps"},
                             {"iops_read", &IoLimit::read_ops, "blkio.throttle.read_iops_device", "riops"},
                             {"iops_write", &IoLimit::write_ops, "blkio.throttle.write_iops_device", "wiops"}};
  const Files io(group, "io", "blkio", "io.max");
  for (const auto &device : limits.io) {
    const auto number = device_number(device.device, root);
    for (const auto &rate : kRates) {
      if (!(device.*rate.member) || !number) continue;
      const std::string text = io.text(rate.v1, "io.max");
      std::string active = shown(device_value(text, *number, rate.v2));
      for (auto line : split(text, '\n'))
        if (io.v1 && line.starts_with(*number + " ")) active = line.substr(number->size() + 1);
      uses.push_back(
          {.limit = rate.key,
           .configured = fmt::format("{}{}{}", device.device, device.device.empty() ? "" : ":", *(device.*rate.member)),
           .active = std::move(active),
           .current = {},
           .peak = {},
           .hits = {},
           .by = io.by.empty() ? "" : fmt::format("{}, disk {}", io.by, *number)});
    }
  }
}

} // namespace

std::vector<LimitUse> limit_uses(const Group &group, const Limits &limits, const std::string &root, pid_t anchor) {
  std::vector<LimitUse> uses;
  add_memory(uses, group, limits);
  add_processes(uses, group, limits, anchor);
  add_files(uses, group, limits, anchor);
  add_cpu(uses, group, limits);
  add_io(uses, group, limits, root);
  for (auto &use : uses)
    if (use.active.empty() || use.active == " shares") use.active.clear(), use.by.clear();
  return uses;
}

LimitHits limit_hits(const Group &group) {
  const Files memory(group, "memory", "memory", "memory.events");
  const Files pids(group, "pids", "pids", "pids.events");
  return {.oom_kills = keyed_value(memory.text("memory.oom_control", "memory.events"), "oom_kill").value_or(0),
          .forks = keyed_value(pids.text("pids.events", "pids.events"), "max").value_or(0)};
}

std::optional<uint64_t> memory_use(const Group &group) {
  return Files(group, "memory", "memory", "memory.max").value("memory.usage_in_bytes", "memory.current");
}

} // namespace jails::cgroup
