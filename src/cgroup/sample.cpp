#include "cgroup/sample.h"

#include "cgroup/control.h"
#include "cgroup/files.h"
#include "sys/file.h"

#include <algorithm>

namespace jails::cgroup {
namespace {

std::optional<uint64_t> difference(std::optional<uint64_t> all, std::optional<uint64_t> part) {
  if (!all) return all;
  return *all - std::min(*all, part.value_or(0));
}

void add_memory(Sample &sample, const Files &memory, const Wants &wants) {
  const auto used = memory.value("memory.usage_in_bytes", "memory.current");
  if (wants.memory)
    sample.memory = difference(used, keyed_value(memory.text("memory.stat", "memory.stat"),
                                                 memory.v1 ? "total_inactive_file" : "inactive_file"));
  if (!wants.swap) return;
  sample.swap = memory.v1 ? difference(memory.value("memory.memsw.usage_in_bytes", nullptr), used)
                          : memory.value(nullptr, "memory.swap.current");
}

} // namespace

Sample read_sample(const Group &group, const Wants &wants, pid_t anchor) {
  Sample sample;
  if (wants.memory || wants.swap) add_memory(sample, Files(group, "memory", "memory", "memory.max"), wants);
  if (wants.processes) {
    sample.processes = difference(Files(group, "pids", "pids", "pids.max").value("pids.current", "pids.current"), 1);
    if (!sample.processes) // no limit, and nobody who counts: then processes only
      if (const auto others = group.count_others(anchor)) sample.processes = *others;
  }
  if (wants.cpu) { // of the v2 cgroup, which counts without any controller (Linux 4.15)
    const auto text = sys::read_file(group.directory("") + "/cpu.stat", kMaxText);
    if (text) sample.cpu_us = keyed_value(*text, "usage_usec");
  }
  if (wants.io) {
    const Files io(group, "io", "blkio", "io.max");
    const std::string bytes = io.text("blkio.throttle.io_service_bytes", "io.stat");
    if (!io.dir.empty()) sample.read_bytes = sum_of_devices(bytes, io.v1 ? "Read" : "rbytes");
    if (!io.dir.empty()) sample.written_bytes = sum_of_devices(bytes, io.v1 ? "Write" : "wbytes");
  }
  return sample;
}

} // namespace jails::cgroup
