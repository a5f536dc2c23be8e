// Commands that are run when a jail is made, started, stopped and taken away, as jail(8)'s exec.*.
#pragma once

#include "base/error.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

// In the order of a jail's life.
enum class HookPoint : uint8_t {
  Prestart,  // host: before anything of it is there
  Created,   // host: it stands, and nothing runs in it
  Start,     // in the jail, as its root: before its command
  Poststart, // host: its command runs
  Prestop,   // host: before its command is told to end
  Stop,      // in the jail: after that
  Poststop,  // host: nothing of it is left
};
inline constexpr size_t kHookPoints = 7;
std::string_view to_string(HookPoint point); // "prestart", as the keys
constexpr bool is_in_jail(HookPoint point) { return point == HookPoint::Start || point == HookPoint::Stop; }

inline constexpr uint32_t kHookTimeoutMinMs = 100, kHookTimeoutMaxMs = 3600000;

struct HookSpec {
  using Commands = std::vector<std::vector<std::string>>; // each an argv, run one after the other
  std::array<Commands, kHookPoints> points{};             // by HookPoint
  uint32_t timeout_ms = 30000;                            // of each command, then it is killed

  [[nodiscard]] const Commands &at(HookPoint point) const { return points.at(static_cast<size_t>(point)); }
  Commands &at(HookPoint point) { return points.at(static_cast<size_t>(point)); }
  [[nodiscard]] bool configured() const;
  // Those of the jail itself, and not of its start: for one that only stands for scripts.
  [[nodiscard]] HookSpec of_jail() const;
  // The longest that those of a stop can take.
  [[nodiscard]] uint64_t stop_ms() const;
  friend bool operator==(const HookSpec &, const HookSpec &) = default;
};

// Usage. root: the jail's. A program of the host is an absolute path, and not one that the jail could change.
Status check_hooks(const HookSpec &hooks, std::string_view root);

} // namespace jails
