// timerfd(2) that fires once, on CLOCK_MONOTONIC.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cstdint>
#include <sys/timerfd.h>
#include <unistd.h>

namespace jails::supervise {

inline Result<Fd> make_timer() {
  Fd timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) return fail_errno("timerfd");
  return timer;
}

inline void disarm_timer(const Fd &timer) {
  const itimerspec never{};
  timerfd_settime(timer.get(), 0, &never, nullptr);
}

inline void arm_timer(const Fd &timer, uint64_t ms) {
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(ms / 1000);
  when.it_value.tv_nsec = static_cast<long>(ms % 1000) * 1000000;
  if (ms == 0) when.it_value.tv_nsec = 1; // 0 would disarm
  timerfd_settime(timer.get(), 0, &when, nullptr);
}

// Until it fires; 0: it has, or is not armed.
inline uint64_t timer_left_ms(const Fd &timer) {
  itimerspec left{};
  timerfd_gettime(timer.get(), &left);
  return static_cast<uint64_t>(left.it_value.tv_sec) * 1000 + static_cast<uint64_t>(left.it_value.tv_nsec) / 1000000;
}

// Takes the expiry; false: there is none.
inline bool timer_expired(const Fd &timer) {
  uint64_t count = 0;
  return read(timer.get(), &count, sizeof count) == sizeof count;
}

} // namespace jails::supervise
