// What a jail may use at most. One table of keys makes the options, the words of `set`, the bytes that are handed to a
// supervisor, and the list of `limits`.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

enum class OomKill : uint8_t {
  Process, // the kernel's choice of one process
  Group,   // the whole jail, which then restarts as its policy says
};

// Rates of one block device, each second.
struct IoLimit {
  std::string device{}; // "/dev/sda", "8:0"; empty: the one that holds the jail's root
  std::optional<uint64_t> read_bytes{}, write_bytes{}, read_ops{}, write_ops{};

  friend bool operator==(const IoLimit &, const IoLimit &) = default;
};

// Absent: no limit. A value of 0 is refused by the parsers (NetBSD: EINVAL), but for swap, where it means none.
struct Limits {
  std::optional<uint64_t> memory;        // -m, bytes, for the whole jail
  std::optional<uint64_t> processes;     // -p, processes and threads
  std::optional<uint64_t> files;         // -d, open files of each process
  std::optional<uint64_t> sockbuf;       // -s, bytes of socket buffers: each, and with cgroup v1 those of TCP together
  std::optional<uint64_t> cpu_quota;     // -q, ticks of 1/100 s of CPU time in each period; with cpu_period
  std::optional<uint64_t> cpu_period;    // -c, microseconds
  std::optional<uint64_t> cpu{};         // thousandths of a CPU; excludes quota and period
  std::optional<uint64_t> cpu_weight{};  // against other cgroups, 100 is what everybody has
  std::optional<uint64_t> memory_high{}; // bytes from which on the jail is slowed and reclaimed from
  std::optional<uint64_t> swap{};        // bytes beyond memory; 0: none
  std::string cpus{};                    // "0-3,6", sorted and merged as the kernel prints it; empty: all
  OomKill oom = OomKill::Process;
  std::vector<IoLimit> io{};                   // sorted by device, no entry without a rate
  std::optional<uint64_t> net_in{}, net_out{}; // bytes a second, of IP packets
  std::optional<uint64_t> disk{}, inodes{};    // bytes, files and directories; of the root
  bool best_effort = false;                    // what this host cannot hold is a warning, not a refusal

  friend bool operator==(const Limits &, const Limits &) = default;
};

// What the kernel takes: pids.max up to PID_MAX_LIMIT, cpu.max periods of 1 ms to 1 s, memory in signed 64 bits.
inline constexpr uint64_t kMemoryMin = 1U << 20U; // tried: below 256K the anchor cannot even start a command
inline constexpr uint64_t kMemoryMax = INT64_MAX;
inline constexpr uint64_t kProcessesMax = 4194304;
inline constexpr uint64_t kFilesMin = 16; // fewer, and the anchor could not hand a command its descriptors
inline constexpr uint64_t kFilesMax = INT32_MAX;
inline constexpr uint64_t kSockbufMin = 8192; // the kernel gives a send buffer 4608 at least (SOCK_MIN_SNDBUF)
inline constexpr uint64_t kSockbufMax = INT64_MAX;
inline constexpr uint64_t kCpuQuotaMax = 1000000;
inline constexpr uint64_t kCpuPeriodMin = 1000, kCpuPeriodMax = 1000000;
inline constexpr uint64_t kCpuMin = 10, kCpuMax = 8192000; // a hundredth of a CPU: cpu.max takes no quota below 1 ms
inline constexpr uint64_t kCpuWeightMax = 10000;
inline constexpr uint64_t kNetMin = 16384; // a packet may have 64 KiB, and would take seconds of the rate
inline constexpr uint64_t kNetMax = 1ULL << 40U;
inline constexpr uint64_t kCpuIdMax = 8191;
inline constexpr uint64_t kDiskMin = 16U << 20U; // an image needs some for itself
inline constexpr uint64_t kInodesMin = 64, kInodesMax = UINT32_MAX;

struct LimitKey {
  const char *name;   // "cpu_weight", as in jail.toml; `set` takes '-' for '_' as well
  const char *option; // "cpu-weight"
  char letter;        // of the option; 0: long form only
  const char *arg_name, *help;
  Status (*assign)(Limits &to, std::string_view text); // replaces the value; Usage leaves it alone
  void (*clear)(Limits &of);
  std::string (*text)(const Limits &of); // what assign() takes; empty: not set
};
std::span<const LimitKey> limit_keys();
const LimitKey *find_limit(std::string_view name); // nullptr: no such limit

// "memory=1G", "cpu-weight=50"; "swap=none" takes a limit away. A new `cpu` replaces quota and period, and the other
// way round, unless both are among the words. Usage names the word.
Status change_limits(Limits &limits, std::span<const std::string_view> words);

// All that is set, as words of change_limits().
std::vector<std::string> limit_words(const Limits &limits);

Status check_limits(const Limits &limits); // each value in its range; what goes together, and what excludes the other

// "0-3,6" sorted and merged; Usage for anything else.
Result<std::string> parse_cpus(std::string_view text);
std::vector<uint32_t> cpus_of(std::string_view canonical);

// CPU time in each period of cpu.max, microseconds; {0, 0}: unlimited.
struct CpuTime {
  uint64_t quota = 0, period = 0;
};
CpuTime cpu_time(const Limits &limits);

} // namespace jails
