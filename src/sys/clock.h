// Clocks in milliseconds.
#pragma once

#include <cstdint>
#include <ctime>

namespace jails::sys {

inline uint64_t clock_ms(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}
// For what is to happen after some time: stands still in suspend, and nobody can set it.
inline uint64_t monotonic_ms() { return clock_ms(CLOCK_MONOTONIC); }
// For how long something was: goes on in suspend.
inline uint64_t boottime_ms() { return clock_ms(CLOCK_BOOTTIME); }
// For a person: may jump.
inline uint64_t realtime_ms() { return clock_ms(CLOCK_REALTIME); }

} // namespace jails::sys
