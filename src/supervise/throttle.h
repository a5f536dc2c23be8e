// A descriptor from which a jail can make something come without end: it is served a number of times in 10 ms, then it
// leaves the loop until they are over. So the supervisor has time for other things, and the jail waits.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "supervise/event_loop.h"

#include <functional>
#include <memory>

namespace jails::supervise {

class Throttle {
public:
  // fd stays the caller's, and open for as long as this lives. serve: one thing, after EPOLLIN; first: of a slice. With
  // EPOLLHUP it leaves the loop for good, as when serve removes it there.
  static Result<std::unique_ptr<Throttle>> start(EventLoop &loop, int fd, unsigned times,
                                                 std::function<void(bool first)> serve);
  Throttle(const Throttle &) = delete;
  Throttle &operator=(const Throttle &) = delete;
  ~Throttle();

private:
  Throttle(EventLoop &loop, int fd, unsigned times, std::function<void(bool)> serve)
      : loop_(loop), fd_(fd), times_(times), serve_(std::move(serve)) {}
  Status listen();
  void on_events(uint32_t events);
  Status make_pause();
  void pause_for(uint64_t ms); // less than a second
  void on_pause_over();

  EventLoop &loop_;
  int fd_;
  unsigned times_;
  Fd pause_; // timer, from the first time on
  std::function<void(bool)> serve_;
  uint64_t slice_began_ms_ = 0;
  unsigned served_ = 0; // in this slice
};

} // namespace jails::supervise
