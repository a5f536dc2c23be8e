#include "cgroup/control.h"

#include "base/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails::cgroup {
namespace {

using Number = std::optional<uint64_t>;

std::string or_word(const Number &value, const char *none) { return value ? std::to_string(*value) : none; }

// The one that holds swap as well has to stay the larger of the two at each step, hence no limit in between.
Setting memory_setting(const Limits &to, const Limits &from) {
  Setting setting{.limit = "memory", .controller = "memory", .v1 = {}, .v2 = {}};
  if (to.swap || from.swap) setting.v1.push_back({"memory.memsw.limit_in_bytes", "-1", ReadBack::Size});
  setting.v1.push_back({"memory.limit_in_bytes", or_word(to.memory, "-1"), ReadBack::Size});
  if (to.swap && to.memory)
    setting.v1.push_back({"memory.memsw.limit_in_bytes", std::to_string(*to.memory + *to.swap), ReadBack::Size});
  setting.v2.push_back({"memory.max", or_word(to.memory, "max"), ReadBack::Size});
  if (to.swap || from.swap) setting.v2.push_back({"memory.swap.max", or_word(to.swap, "max"), ReadBack::Size});
  return setting;
}

Setting cpu_setting(const CpuTime &time) {
  const std::string quota = time.quota != 0 ? std::to_string(time.quota) : "";
  const std::string period = std::to_string(time.period != 0 ? time.period : 100000);
  return {.limit = "cpu",
          .controller = "cpu",
          .v1 = {{"cpu.cfs_period_us", period}, {"cpu.cfs_quota_us", quota.empty() ? "-1" : quota}},
          .v2 = {{"cpu.max", (quota.empty() ? "max" : quota) + " " + period}}};
}

Setting weight_setting(const Number &weight) {
  // 100 of v2 is 1024 of v1, whose range is 2 to 262144 (kernel/sched/core.c, cgroup_weight).
  const uint64_t shares = std::max<uint64_t>(2, weight.value_or(100) * 1024 / 100);
  return {.limit = "cpu_weight",
          .controller = "cpu",
          .v1 = {{"cpu.shares", std::to_string(shares)}},
          .v2 = {{"cpu.weight", or_word(weight, "100")}}};
}

struct Rate {
  Number IoLimit::*member;
  const char *limit, *v1, *v2;
};
constexpr Rate kRates[] = {{&IoLimit::read_bytes, "io_read", "blkio.throttle.read_bps_device", "rbps"},
                           {&IoLimit::write_bytes, "io_write", "blkio.throttle.write_bps_device", "wbps"},
                           {&IoLimit::read_ops, "iops_read", "blkio.throttle.read_iops_device", "riops"},
                           {&IoLimit::write_ops, "iops_write", "blkio.throttle.write_iops_device", "wiops"}};

Number rate_of(const Wanted &wanted, const std::string &number, const Rate &rate) {
  for (const auto &device : wanted.io)
    if (device.number == number && device.rates.*rate.member) return device.rates.*rate.member;
  return std::nullopt;
}

void add_io(std::vector<Setting> &settings, const Wanted &to, const Wanted *from) {
  std::vector<std::string> numbers;
  for (const auto *side : {&to, from})
    if (side != nullptr)
      for (const auto &device : side->io)
        if (std::ranges::find(numbers, device.number) == numbers.end()) numbers.push_back(device.number);
  for (const auto &rate : kRates) {
    Setting setting{.limit = rate.limit, .controller = "io", .v1 = {}, .v2 = {}};
    for (const auto &number : numbers) {
      const auto value = rate_of(to, number, rate);
      if (!value && (from == nullptr || !rate_of(*from, number, rate))) continue;
      setting.v1.push_back({rate.v1, fmt::format("{} {}", number, value.value_or(0)), ReadBack::Device});
      setting.v2.push_back(
          {"io.max", fmt::format("{} {}={}", number, rate.v2, or_word(value, "max")), ReadBack::Device});
    }
    if (!setting.v1.empty()) settings.push_back(std::move(setting));
  }
}

// A device's line without its number, where it has one.
std::optional<std::string_view> line_of(std::string_view text, std::string_view number) {
  for (auto line : split(text, '\n'))
    if (line.starts_with(number) && line.substr(number.size()).starts_with(' ')) return line.substr(number.size() + 1);
  return std::nullopt;
}

bool device_reads_back(std::string_view value, std::string_view text) {
  const auto space = value.find(' ');
  const auto line = line_of(text, value.substr(0, space));
  const auto wanted = value.substr(space + 1);
  if (!line) return wanted == "0" || wanted.ends_with("=max");
  const auto words = split(trim(*line), ' ');
  return std::ranges::find(words, wanted) != words.end();
}

bool size_reads_back(std::string_view value, std::string_view text) {
  constexpr uint64_t kPage = 65536; // of any architecture
  const auto got = parse_int<uint64_t>(text);
  if (value == "max" || text == "max") return value == text;
  if (value == "-1") return got && *got >= INT64_MAX - kPage;
  const auto wanted = parse_int<uint64_t>(value);
  return got && wanted && *got <= *wanted && *wanted - *got < kPage;
}

} // namespace

bool reads_back(const Write &write, std::string_view text) {
  switch (write.how) {
  case ReadBack::Text: return trim(text) == trim(write.value);
  case ReadBack::Size: return size_reads_back(write.value, trim(text));
  case ReadBack::Device: return device_reads_back(write.value, text);
  }
  return false;
}

std::vector<Setting> settings_of(const Wanted &to, const Wanted *from) {
  const Limits nothing;
  const Limits &now = to.limits;
  const Limits &before = from != nullptr ? from->limits : nothing;
  std::vector<Setting> settings;
  if (now.memory || before.memory) settings.push_back(memory_setting(now, before));
  if (now.memory_high || before.memory_high)
    settings.push_back({.limit = "memory_high",
                        .controller = "memory",
                        .v1 = {},
                        .v2 = {{"memory.high", or_word(now.memory_high, "max"), ReadBack::Size}},
                        .v1_reason = "cgroup v1 has no such limit (its soft limit acts only when the host is short)"});
  if (now.oom != before.oom) // of v1: the supervisor watches
    settings.push_back({.limit = "oom",
                        .controller = "memory",
                        .v1 = {},
                        .v2 = {{"memory.oom.group", now.oom == OomKill::Group ? "1" : "0"}}});
  if (now.sockbuf || before.sockbuf)
    settings.push_back({.limit = "sockbuf",
                        .controller = "memory",
                        .v1 = {{"memory.kmem.tcp.limit_in_bytes", or_word(now.sockbuf, "-1"), ReadBack::Size}},
                        .v2 = {}, // counts them as memory
                        .elsewhere = true});
  if (now.processes || before.processes) {
    // The anchor is a member, and not one of the jail's own.
    const std::string count = now.processes ? std::to_string(*now.processes + 1) : "max";
    settings.push_back(
        {.limit = "processes", .controller = "pids", .v1 = {{"pids.max", count}}, .v2 = {{"pids.max", count}}});
  }
  if (cpu_time(now).quota != 0 || cpu_time(before).quota != 0) settings.push_back(cpu_setting(cpu_time(now)));
  if (now.cpu_weight || before.cpu_weight) settings.push_back(weight_setting(now.cpu_weight));
  if (!now.cpus.empty() || !before.cpus.empty()) {
    const std::string list = now.cpus.empty() ? "\n" : now.cpus;
    settings.push_back(
        {.limit = "cpus", .controller = "cpuset", .v1 = {{"cpuset.cpus", list}}, .v2 = {{"cpuset.cpus", list}}});
  }
  add_io(settings, to, from);
  for (auto &setting : settings)
    setting.reset = std::string_view(setting.limit) == "cpu" ? cpu_time(now).quota == 0
                                                             : find_limit(setting.limit)->text(now).empty();
  return settings;
}

std::optional<uint64_t> single_value(std::string_view text) {
  const auto value = parse_int<uint64_t>(trim(text));
  return value && *value < (1ULL << 62U) ? value : std::nullopt;
}

std::optional<uint64_t> keyed_value(std::string_view text, std::string_view key) {
  const auto line = line_of(text, key);
  return line ? parse_int<uint64_t>(trim(*line)) : std::nullopt;
}

// "8:0 Read 4096" of v1, "8:0 rbytes=4096 wbytes=0" of v2: what the words of one line have for the key.
static std::optional<uint64_t> word_value(const std::vector<std::string_view> &words, std::string_view key) {
  for (size_t i = 1; i < words.size(); i++) {
    if (words[i] == key && i + 1 < words.size()) return parse_int<uint64_t>(words[i + 1]);
    if (words[i].starts_with(key) && words[i].substr(key.size()).starts_with('='))
      return parse_int<uint64_t>(words[i].substr(key.size() + 1));
  }
  return std::nullopt;
}

std::optional<uint64_t> device_value(std::string_view text, std::string_view number, std::string_view key) {
  for (auto line : split(text, '\n')) {
    if (!line.starts_with(number) || !line.substr(number.size()).starts_with(' ')) continue;
    if (const auto value = word_value(split(trim(line), ' '), key)) return value;
  }
  return std::nullopt;
}

uint64_t sum_of_devices(std::string_view text, std::string_view key) {
  uint64_t sum = 0;
  for (auto line : split(text, '\n')) sum += word_value(split(trim(line), ' '), key).value_or(0);
  return sum;
}

std::optional<Stall> stall(std::string_view text, std::string_view line) {
  const auto words = line_of(text, line);
  if (!words) return std::nullopt;
  Stall found;
  bool total = false;
  for (auto word : split(trim(*words), ' ')) {
    const auto equals = std::min(word.find('='), word.size());
    const auto key = word.substr(0, equals);
    const auto value = word.substr(std::min(equals + 1, word.size()));
    if (key == "total") {
      const auto number = parse_int<uint64_t>(value);
      total = number.has_value();
      found.total_us = number.value_or(0);
    }
    double *const average = key == "avg10"    ? &found.avg10
                            : key == "avg60"  ? &found.avg60
                            : key == "avg300" ? &found.avg300
                                              : nullptr;
    if (average != nullptr) std::from_chars(value.data(), value.data() + value.size(), *average);
  }
  return total ? std::optional(found) : std::nullopt;
}

} // namespace jails::cgroup
