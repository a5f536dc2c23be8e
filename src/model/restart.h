// Whether, and how often, a command that ended is started again.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <string_view>

namespace jails {

enum class RestartPolicy : uint8_t { Always, OnFailure, Never };
Result<RestartPolicy> parse_restart(std::string_view text); // always, on-failure, never
std::string_view to_string(RestartPolicy policy);

inline constexpr uint32_t kRestartLimitMax = 1000;
inline constexpr uint32_t kRestartWindowMaxMs = 86400000;

struct Restart {
  RestartPolicy policy = RestartPolicy::Always;
  uint32_t limit = 0;         // so many restarts within the window, and it is given up; 0: never (the default)
  uint32_t window_ms = 60000; // 1000 to kRestartWindowMaxMs

  friend bool operator==(const Restart &, const Restart &) = default;
};

// Seconds before a restart, after one that took `before` (0: the first, or the command ran for long): 1, 2, 4, 8, 10,
// 10, ... as in the original's supervise.
constexpr uint32_t back_off_seconds(uint32_t before) {
  constexpr uint32_t kLongest = 10;
  if (before == 0) return 1;
  return before * 2 < kLongest ? before * 2 : kLongest;
}

// Usage: out of range, or a limit that the back-off lets nobody reach within the window.
Status check_restart(const Restart &restart);

} // namespace jails
