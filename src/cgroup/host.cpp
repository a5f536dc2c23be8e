#include "cgroup/host.h"

#include "base/text.h"
#include "cgroup/place.h"
#include "sys/file.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace jails::cgroup {
namespace {

std::optional<uint64_t> number_in(const char *file) {
  const auto text = sys::read_file(file, 4096);
  return text ? single_value(*text) : std::nullopt;
}

// /proc/meminfo: "MemTotal:       24684428 kB"
std::optional<uint64_t> memory_of_host() {
  const auto text = sys::read_file("/proc/meminfo", 65536);
  if (!text || !text->starts_with("MemTotal:")) return std::nullopt;
  const auto line = trim(split(*text, '\n')[0].substr(9));
  const auto kilobytes = parse_int<uint64_t>(line.substr(0, line.find(' ')));
  return kilobytes ? std::optional(*kilobytes * 1024) : std::nullopt;
}

Status check_cpus(const Limits &limits, std::vector<std::string> &warnings) {
  const auto online = TRY(sys::read_file("/sys/devices/system/cpu/online", 4096));
  const auto there = cpus_of(online);
  for (const uint32_t cpu : cpus_of(limits.cpus))
    if (std::ranges::find(there, cpu) == there.end())
      return fail(ErrorKind::Usage, fmt::format("limit 'cpus': there is no CPU {} online, only {}", cpu, trim(online)));
  const CpuTime time = cpu_time(limits);
  const uint64_t all = (limits.cpus.empty() ? there : cpus_of(limits.cpus)).size();
  if (time.quota > all * time.period)
    warnings.push_back(fmt::format("limit 'cpu': above the {} CPUs that it can have; it never bites", all));
  return {};
}

Status check_sizes(const Limits &limits, std::vector<std::string> &warnings) {
  const auto memory = memory_of_host();
  for (const auto &[name, value] : {std::pair("memory", limits.memory), std::pair("memory_high", limits.memory_high)})
    if (value && memory && *value > *memory)
      warnings.push_back(
          fmt::format("limit '{}': {} bytes are more than the host's {}; it never bites", name, *value, *memory));
  const auto pids = number_in("/proc/sys/kernel/pid_max");
  if (limits.processes && pids && *limits.processes > *pids)
    warnings.push_back(fmt::format("limit 'processes': {} are more than the host's {}", *limits.processes, *pids));
  const auto files = number_in("/proc/sys/fs/nr_open");
  if (limits.files && files && *limits.files > *files)
    return fail(ErrorKind::Usage, fmt::format("limit 'files': {} are more than fs.nr_open allows, {}", *limits.files,
                                              *files)); // setrlimit(2) refuses it
  return {};
}

} // namespace

Result<std::vector<std::string>> check_host(const Hierarchies &where, const Limits &limits, const std::string &root) {
  std::vector<std::string> warnings;
  if (!limits.cpus.empty() || cpu_time(limits).quota != 0) TRY(check_cpus(limits, warnings));
  if (limits.memory || limits.memory_high || limits.processes || limits.files) TRY(check_sizes(limits, warnings));
  const Wanted wanted = TRY(find_devices(limits, root, warnings));
  auto placement = TRY(place(where, settings_of(wanted), limits.best_effort));
  std::ranges::move(placement.warnings, std::back_inserter(warnings));
  return warnings;
}

Result<std::vector<std::string>> check_host(const Limits &limits, const std::string &root) {
  if (limits == Limits{}) return std::vector<std::string>{};
  return check_host(TRY(Hierarchies::discover()), limits, root);
}

} // namespace jails::cgroup
