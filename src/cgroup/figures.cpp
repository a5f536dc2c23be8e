#include "cgroup/figures.h"

#include "cgroup/files.h"
#include "sys/file.h"

namespace jails::cgroup {
namespace {

std::optional<uint64_t> oom_kills(const Files &memory) {
  return keyed_value(memory.text("memory.oom_control", "memory.events"), "oom_kill");
}

void add_memory(Figures &figures, const Group &group) {
  const Files memory(group, "memory", "memory", "memory.max");
  figures.memory_bytes = memory.value("memory.usage_in_bytes", "memory.current");
  figures.memory_peak_bytes = memory.value("memory.max_usage_in_bytes", "memory.peak");
  figures.memory_limit_bytes = memory.value("memory.limit_in_bytes", "memory.max");
  figures.oom_kills = oom_kills(memory);
}

void add_cpu(Figures &figures, const Group &group) {
  const Files cpu(group, "cpu", "cpu", "cpu.max");
  const std::string text = cpu.text("cpu.stat", "cpu.stat");
  figures.throttled_ns = keyed_value(text, cpu.v1 ? "throttled_time" : "throttled_usec");
  if (figures.throttled_ns && !cpu.v1) *figures.throttled_ns *= 1000;
}

void add_io(Figures &figures, const Group &group) {
  const Files io(group, "io", "blkio", "io.max");
  if (io.dir.empty()) return;
  const std::string bytes = io.text("blkio.throttle.io_service_bytes", "io.stat");
  const std::string count = io.v1 ? io.text("blkio.throttle.io_serviced", nullptr) : bytes;
  figures.read_bytes = sum_of_devices(bytes, io.v1 ? "Read" : "rbytes");
  figures.written_bytes = sum_of_devices(bytes, io.v1 ? "Write" : "wbytes");
  figures.reads = sum_of_devices(count, io.v1 ? "Read" : "rios");
  figures.writes = sum_of_devices(count, io.v1 ? "Write" : "wios");
}

// Of the v2 cgroup, which has them without any controller (PSI, Linux 4.20; psi=1 on some kernels).
Pressure pressure(const Group &group, const char *file) {
  const auto text = sys::read_file(group.directory("") + "/" + file, kMaxText);
  return text ? Pressure{.some = stall(*text, "some"), .full = stall(*text, "full")} : Pressure{};
}

} // namespace

Figures read_figures(const Group &group) {
  Figures figures;
  add_memory(figures, group);
  add_cpu(figures, group);
  add_io(figures, group);
  figures.cpu = pressure(group, "cpu.pressure");
  figures.memory = pressure(group, "memory.pressure");
  figures.io = pressure(group, "io.pressure");
  return figures;
}

std::optional<uint64_t> oom_kills(const Group &group) {
  return oom_kills(Files(group, "memory", "memory", "memory.max"));
}

} // namespace jails::cgroup
