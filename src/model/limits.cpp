#include "model/limits.h"

#include "base/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails {
namespace {

std::unexpected<Error> usage(std::string text) { return fail(ErrorKind::Usage, std::move(text)); }

using Number = std::optional<uint64_t> Limits::*;
using Rate = std::optional<uint64_t> IoLimit::*;

template <Number member> std::string number_text(const Limits &of) {
  return (of.*member) ? std::to_string(*(of.*member)) : "";
}
template <Number member> void clear_number(Limits &of) { (of.*member).reset(); }

Result<uint64_t> parse_count(std::string_view text, const char *unit) {
  const auto value = parse_int<uint64_t>(text);
  if (!value || *value == 0) return usage(fmt::format("'{}' is not a number of {} above 0", printable(text), unit));
  return *value;
}

Result<uint64_t> parse_some(std::string_view text) {
  const uint64_t value = TRY(parse_size(text));
  if (value == 0) return usage("0 is no limit; leave the option out");
  return value;
}

template <Number member> Status assign_size(Limits &to, std::string_view text) {
  to.*member = TRY(parse_some(text));
  return {};
}

Status assign_swap(Limits &to, std::string_view text) {
  to.swap = TRY(parse_size(text));
  return {};
}

template <Number member, int unit> Status assign_count(Limits &to, std::string_view text) {
  constexpr const char *kUnits[] = {"processes", "files", "ticks", "microseconds", "shares", "inodes"};
  to.*member = TRY(parse_count(text, kUnits[unit]));
  return {};
}

template <Number member, int unit>
constexpr LimitKey count_key(const char *name, const char *option, char letter, const char *arg, const char *help) {
  return {name, option, letter, arg, help, assign_count<member, unit>, clear_number<member>, number_text<member>};
}
template <Number member>
constexpr LimitKey size_key(const char *name, const char *option, char letter, const char *help) {
  return {name, option, letter, "BYTES", help, assign_size<member>, clear_number<member>, number_text<member>};
}

// "1.5", "2" or "50%", in thousandths.
Status assign_cpu(Limits &to, std::string_view text) {
  const auto wrong = [&] {
    return usage(fmt::format("'{}' is not a number of CPUs like 1.5, or a share of one like 50%", printable(text)));
  };
  std::string_view digits = text;
  const bool percent = digits.ends_with('%');
  if (percent) digits.remove_suffix(1);
  const size_t places = percent ? 1 : 3;
  const auto dot = digits.find('.');
  const auto fraction = dot == digits.npos ? std::string_view() : digits.substr(dot + 1);
  const auto whole = parse_int<uint32_t>(digits.substr(0, dot));
  if (!whole || fraction.size() > places || (dot != digits.npos && fraction.empty())) return wrong();
  uint64_t value = *whole;
  for (size_t i = 0; i < places; i++) {
    const char digit = i < fraction.size() ? fraction[i] : '0';
    if (digit < '0' || digit > '9') return wrong();
    value = value * 10 + static_cast<uint64_t>(digit - '0');
  }
  if (value == 0) return wrong();
  to.cpu = value;
  return {};
}

std::string cpu_text(const Limits &of) {
  if (!of.cpu) return "";
  std::string text = fmt::format("{}.{:03}", *of.cpu / 1000, *of.cpu % 1000);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

Status assign_cpus(Limits &to, std::string_view text) {
  to.cpus = TRY(parse_cpus(text));
  return {};
}

Status assign_oom(Limits &to, std::string_view text) {
  if (text != "group" && text != "process")
    return usage(fmt::format("'{}': expected group or process", printable(text)));
  to.oom = text == "group" ? OomKill::Group : OomKill::Process;
  return {};
}

// On while "yes": a word like the others, so that it travels with them.
Status assign_best_effort(Limits &to, std::string_view text) {
  if (text != "true" && text != "false") return usage(fmt::format("'{}': expected true or false", printable(text)));
  to.best_effort = text == "true";
  return {};
}

template <Rate member> void clear_rate(Limits &of) {
  for (auto &device : of.io) (device.*member).reset();
  std::erase_if(of.io, [](const IoLimit &device) { return device == IoLimit{.device = device.device}; });
}

// "50M", "/dev/sdb:10M,8:0:20M": the last colon stands before the rate.
template <Rate member, bool bytes> Status assign_rate(Limits &to, std::string_view text) {
  Limits changed = to;
  clear_rate<member>(changed);
  for (auto item : split(text, ',')) {
    const auto colon = item.rfind(':');
    const auto device = colon == item.npos ? std::string_view() : item.substr(0, colon);
    const auto rate = colon == item.npos ? item : item.substr(colon + 1);
    if (colon != item.npos && (device.empty() || printable(device) != device))
      return usage(fmt::format("'{}': expected RATE or DEVICE:RATE", printable(item)));
    const uint64_t value = TRY(bytes ? parse_some(rate) : parse_count(rate, "operations"));
    auto at = std::ranges::lower_bound(changed.io, device, {}, &IoLimit::device);
    if (at == changed.io.end() || at->device != device)
      at = changed.io.insert(at, IoLimit{.device = std::string(device)});
    if (*at.*member) return usage(fmt::format("'{}': the same device twice", printable(text)));
    *at.*member = value;
  }
  to = std::move(changed);
  return {};
}

template <Rate member> std::string rate_text(const Limits &of) {
  std::string text;
  for (const auto &device : of.io) {
    if (!(device.*member)) continue;
    if (!text.empty()) text += ',';
    if (!device.device.empty()) text += device.device + ':';
    text += std::to_string(*(device.*member));
  }
  return text;
}

template <Rate member, bool bytes> constexpr LimitKey rate_key(const char *name, const char *option, const char *help) {
  return {
      name, option, 0, "[DEVICE:]RATE[,...]", help, assign_rate<member, bytes>, clear_rate<member>, rate_text<member>};
}

constexpr LimitKey kKeys[] = {
    size_key<&Limits::memory>("memory", "memory", 'm', "memory of the whole jail, like 512M"),
    size_key<&Limits::memory_high>("memory_high", "memory-high", 0,
                                   "from here on the jail is slowed down and gives memory back"),
    {"swap", "swap", 0, "BYTES", "swap beyond its memory, 0 for none; with -m", assign_swap,
     clear_number<&Limits::swap>, number_text<&Limits::swap>},
    {"oom", "oom", 0, "group|process",
     "what dies when memory is out: the whole jail, or one process (default); with -m", assign_oom,
     [](Limits &of) { of.oom = OomKill::Process; },
     [](const Limits &of) -> std::string { return of.oom == OomKill::Group ? "group" : ""; }},
    count_key<&Limits::processes, 0>("processes", "processes", 'p', "N", "processes and threads"),
    count_key<&Limits::files, 1>("files", "files", 'd', "N", "open files of each process"),
    size_key<&Limits::sockbuf>("sockbuf", "sockbuf", 's', "buffers of each socket, like 256K"),
    {"cpu", "cpu", 0, "N|N%", "CPUs: 1.5, or 50%", assign_cpu, clear_number<&Limits::cpu>, cpu_text},
    count_key<&Limits::cpu_quota, 2>("cpu_quota", "cpu-quota", 'q', "TICKS",
                                     "CPU time of 1/100 s in each period; with -c"),
    count_key<&Limits::cpu_period, 3>("cpu_period", "cpu-period", 'c', "US", "period in microseconds; with -q"),
    count_key<&Limits::cpu_weight, 4>("cpu_weight", "cpu-weight", 0, "N",
                                      "share of a busy CPU, 1 to 10000; others have 100"),
    {"cpus", "cpus", 0, "LIST", "run on these CPUs only: 0-3,6", assign_cpus, [](Limits &of) { of.cpus.clear(); },
     [](const Limits &of) { return of.cpus; }},
    rate_key<&IoLimit::read_bytes, true>("io_read", "io-read",
                                         "bytes a second read from a disk, like 50M (default: the root's)"),
    rate_key<&IoLimit::write_bytes, true>("io_write", "io-write", "bytes a second written to a disk"),
    rate_key<&IoLimit::read_ops, false>("iops_read", "iops-read", "reads a second from a disk"),
    rate_key<&IoLimit::write_ops, false>("iops_write", "iops-write", "writes a second to a disk"),
    size_key<&Limits::net_in>("net_in", "net-in", 0, "bytes a second received, like 10M"),
    size_key<&Limits::net_out>("net_out", "net-out", 0, "bytes a second sent"),
    size_key<&Limits::disk>("disk", "disk", 0, "disk space of its root, like 2G"),
    count_key<&Limits::inodes, 5>("inodes", "inodes", 0, "N", "files and directories of its root"),
    {"best_effort", "best-effort", 0, nullptr, "what this host cannot hold is a warning, not a refusal",
     assign_best_effort, [](Limits &of) { of.best_effort = false; },
     [](const Limits &of) -> std::string { return of.best_effort ? "true" : ""; }},
};

Status check_range(std::string_view key, std::optional<uint64_t> value, uint64_t low, uint64_t high) {
  if (!value || (*value >= low && *value <= high)) return {};
  return usage(fmt::format("limit '{}' {}: expected {} to {}", key, *value, low, high));
}
// In the units in which sizes are given.
Status check_size(std::string_view key, std::optional<uint64_t> value, uint64_t low, uint64_t high) {
  if (!value || (*value >= low && *value <= high)) return {};
  const std::string expected = *value < low         ? "at least " + size_text(low)
                               : high == kMemoryMax ? "less than " + size_text(high + 1)
                                                    : "at most " + size_text(high);
  return usage(fmt::format("limit '{}' {}: expected {}", key, size_text(*value), expected));
}

bool same_name(std::string_view name, std::string_view other) {
  return std::ranges::equal(
      name, other, {}, [](char c) { return c == '-' ? '_' : c; }, [](char c) { return c == '-' ? '_' : c; });
}

std::unexpected<Error> no_limit(std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto &key : kKeys) known.emplace_back(key.name);
  const auto near = nearest(name, known);
  const std::string meant = near.empty() ? fmt::format("expected one of {}", fmt::join(known, ", "))
                                         : fmt::format("did you mean '{}'?", near);
  return usage(fmt::format("there is no limit {}: {}", in_quotes(name), meant));
}

} // namespace

std::span<const LimitKey> limit_keys() { return kKeys; }

const LimitKey *find_limit(std::string_view name) {
  for (const auto &key : kKeys)
    if (same_name(key.name, name)) return &key;
  return nullptr;
}

Status change_limits(Limits &limits, std::span<const std::string_view> words) {
  const Limits before = limits;
  Limits changed = limits;
  std::vector<const LimitKey *> seen;
  for (auto word : words) {
    const auto equals = word.find('=');
    const auto *key = equals == word.npos ? nullptr : find_limit(word.substr(0, equals));
    if (equals == word.npos || equals + 1 == word.size())
      return usage(fmt::format("{}: expected LIMIT=VALUE, like memory=1G or cpu=none", in_quotes(word)));
    if (key == nullptr) return no_limit(word.substr(0, equals));
    if (std::ranges::find(seen, key) != seen.end()) return usage(fmt::format("limit '{}' is given twice", key->name));
    seen.push_back(key);
    const auto value = word.substr(equals + 1);
    if (value == "none")
      key->clear(changed);
    else
      TRY_IN(fmt::format("limit '{}'", key->name), key->assign(changed, value));
  }
  if (changed.cpu != before.cpu && changed.cpu && changed.cpu_quota == before.cpu_quota &&
      changed.cpu_period == before.cpu_period)
    changed.cpu_quota.reset(), changed.cpu_period.reset();
  else if (changed.cpu == before.cpu && changed.cpu_quota && changed.cpu_period &&
           (changed.cpu_quota != before.cpu_quota || changed.cpu_period != before.cpu_period))
    changed.cpu.reset();
  TRY(check_limits(changed));
  limits = std::move(changed);
  return {};
}

std::vector<std::string> limit_words(const Limits &limits) {
  std::vector<std::string> words;
  for (const auto &key : kKeys)
    if (const auto text = key.text(limits); !text.empty()) words.push_back(fmt::format("{}={}", key.name, text));
  return words;
}

Status check_limits(const Limits &limits) {
  TRY(check_size("memory", limits.memory, kMemoryMin, kMemoryMax));
  TRY(check_size("memory_high", limits.memory_high, kMemoryMin, kMemoryMax));
  TRY(check_size("swap", limits.swap, 0, kMemoryMax));
  TRY(check_range("processes", limits.processes, 1, kProcessesMax));
  TRY(check_range("files", limits.files, kFilesMin, kFilesMax));
  TRY(check_size("sockbuf", limits.sockbuf, kSockbufMin, kSockbufMax));
  TRY(check_range("cpu_quota", limits.cpu_quota, 1, kCpuQuotaMax));
  TRY(check_range("cpu_period", limits.cpu_period, kCpuPeriodMin, kCpuPeriodMax));
  TRY(check_range("cpu_weight", limits.cpu_weight, 1, kCpuWeightMax));
  if (limits.cpu && (*limits.cpu < kCpuMin || *limits.cpu > kCpuMax))
    return usage(fmt::format("limit 'cpu' {}: expected 0.01 to 8192", cpu_text(limits)));
  if (limits.cpu_quota && !limits.cpu_period) return usage("CPU quota without CPU period: give both or none");
  if (limits.cpu_period && !limits.cpu_quota) return usage("CPU period without CPU quota: give both or none");
  if (limits.cpu && limits.cpu_quota) return usage("CPU limit and CPU quota: give one of them");
  if (limits.swap && !limits.memory) return usage("swap limit without memory limit: give memory as well");
  if (limits.swap && *limits.swap > kMemoryMax - *limits.memory) return usage("memory and swap limit: too large");
  if (limits.oom == OomKill::Group && !limits.memory) return usage("oom without memory limit: give memory as well");
  if (limits.memory && limits.memory_high && *limits.memory_high > *limits.memory)
    return usage("high memory limit above the memory limit: it would never be reached");
  TRY(check_size("disk", limits.disk, kDiskMin, kMemoryMax));
  TRY(check_range("inodes", limits.inodes, kInodesMin, kInodesMax));
  TRY(check_size("net_in", limits.net_in, kNetMin, kNetMax));
  TRY(check_size("net_out", limits.net_out, kNetMin, kNetMax));
  for (const auto &device : limits.io) {
    TRY(check_size("io_read", device.read_bytes, 1, kMemoryMax));
    TRY(check_size("io_write", device.write_bytes, 1, kMemoryMax));
    TRY(check_range("iops_read", device.read_ops, 1, UINT32_MAX)); // blk-throttle keeps them in 32 bits
    TRY(check_range("iops_write", device.write_ops, 1, UINT32_MAX));
  }
  return {};
}

Result<std::string> parse_cpus(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return usage(fmt::format("'{}': {}, expected CPU numbers like 0-3,6", printable(text), why));
  };
  std::vector<bool> set(kCpuIdMax + 1);
  for (auto item : split(text, ',')) {
    const auto dash = item.find('-');
    const auto first = parse_int<uint32_t>(item.substr(0, dash));
    const auto last = dash == item.npos ? first : parse_int<uint32_t>(item.substr(dash + 1));
    if (!first || !last) return wrong("not a list of CPUs");
    if (*first > *last) return wrong("a range that ends before it begins");
    if (*last > kCpuIdMax) return wrong("no CPU has that number");
    for (uint32_t cpu = *first; cpu <= *last; cpu++) set[cpu] = true;
  }
  std::string out;
  for (size_t cpu = 0; cpu < set.size(); cpu++) {
    if (!set[cpu]) continue;
    const size_t first = cpu;
    while (cpu + 1 < set.size() && set[cpu + 1]) cpu++;
    out += fmt::format("{}{}", out.empty() ? "" : ",", first);
    if (cpu != first) out += fmt::format("-{}", cpu);
  }
  return out;
}

std::vector<uint32_t> cpus_of(std::string_view canonical) {
  std::vector<uint32_t> cpus;
  if (trim(canonical).empty()) return cpus;
  for (auto item : split(trim(canonical), ',')) {
    const auto dash = item.find('-');
    const auto first = parse_int<uint32_t>(item.substr(0, dash));
    const auto last = dash == item.npos ? first : parse_int<uint32_t>(item.substr(dash + 1));
    if (!first || !last || *last > kCpuIdMax) continue;
    for (uint32_t cpu = *first; cpu <= *last; cpu++) cpus.push_back(cpu);
  }
  return cpus;
}

CpuTime cpu_time(const Limits &limits) {
  constexpr uint64_t kPeriod = 100000, kTick = 10000; // a tick is 1/100 s
  if (limits.cpu) return {*limits.cpu * kPeriod / 1000, kPeriod};
  if (limits.cpu_quota && limits.cpu_period) return {*limits.cpu_quota * kTick, *limits.cpu_period};
  return {};
}

} // namespace jails
