// What a jail is to be: the one value that the command line and the configuration file become, and that a start works
// from. A Spec that validate() accepts can be handed to the kernel; nothing here does I/O.
#pragma once

#include "base/error.h"
#include "model/ids.h"
#include "model/log.h"
#include "model/net.h"
#include "model/port.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

// Absent: no limit. A value of 0 is refused by the parsers (NetBSD: EINVAL).
struct Limits {
  std::optional<uint64_t> memory;     // -m, bytes, for the whole jail
  std::optional<uint64_t> processes;  // -p, processes and threads
  std::optional<uint64_t> files;      // -d, open files
  std::optional<uint64_t> sockbuf;    // -s, bytes of socket buffers
  std::optional<uint64_t> cpu_quota;  // -q, ticks of 1/100 s of CPU time in each period; with cpu_period
  std::optional<uint64_t> cpu_period; // -c, microseconds

  friend bool operator==(const Limits &, const Limits &) = default;
};

// A host directory shown inside the jail. source is absolute and clean; target is absolute, clean, never "/".
struct Bind {
  std::string source{};
  std::string target{};
  bool read_only = true;

  friend bool operator==(const Bind &, const Bind &) = default;
};

enum class RestartPolicy : uint8_t { Always, OnFailure, Never };
Result<RestartPolicy> parse_restart(std::string_view text); // always, on-failure, never
std::string_view to_string(RestartPolicy policy);

// What the kernel takes: pids.max up to PID_MAX_LIMIT, cpu.max periods of 1 ms to 1 s, memory in signed 64 bits.
inline constexpr uint64_t kMemoryMin = 4096, kMemoryMax = INT64_MAX;
inline constexpr uint64_t kProcessesMax = 4194304;
inline constexpr uint64_t kFilesMin = 16; // fewer, and the anchor could not hand a command its descriptors
inline constexpr uint64_t kFilesMax = INT32_MAX;
inline constexpr uint64_t kSockbufMax = INT64_MAX;
inline constexpr uint64_t kCpuQuotaMax = 1000000;
inline constexpr uint64_t kCpuPeriodMin = 1000, kCpuPeriodMax = 1000000;
inline constexpr size_t kRootPathMax = 255;  // SJ_ROOT_MAX
inline constexpr size_t kBindPathMax = 4095; // PATH_MAX without its NUL
inline constexpr uint32_t kStopGraceMaxMs = 3600000;

struct Spec {
  JailName name;
  std::string root{}; // absolute, clean, not "/", at most 255 bytes
  Profile profile = Profile::High;
  std::vector<PortReservation> ports{};
  NetSpec net{};
  Limits limits{};
  std::vector<Bind> binds{};
  std::vector<std::string> command{}; // argv of the supervised command; empty: none
  RestartPolicy restart = RestartPolicy::Always;
  uint32_t stop_grace_ms = 5000; // SIGTERM to cgroup kill
  LogSpec log{};
  std::string hostname{}; // empty: the jail's name; 1 to 64 of [A-Za-z0-9._-]

  friend bool operator==(const Spec &, const Spec &) = default;
};

// Everything else at its default. (A braced list of fewer members draws a warning that this tree makes an error.)
Spec default_spec(JailName name, std::string root);

// Absolute, no empty, "." or ".." component, no NUL or control character, valid UTF-8, at most `max` bytes, not "/".
// `what` names the value in the error.
Status check_path(std::string_view what, std::string_view path, size_t max);

Status check_limits(const Limits &limits); // each value in its range, quota and period only together
Status check_hostname(std::string_view hostname);
Status check_command(const std::vector<std::string> &command); // empty is fine; no NUL, what execve(2) takes
Status check_bind(const Bind &bind); // target not at or below /dev, /proc, /sys: the jail's own mounts stand there

// The rules that join fields: quota and period only together, ports not twice, targets distinct, lengths.
Status validate(const Spec &spec);

} // namespace jails
