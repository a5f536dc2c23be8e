// epoll(7) with one callback for each descriptor. Level-triggered. One thread.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

namespace jails::supervise {

class EventLoop {
public:
  static Result<EventLoop> create();

  // The descriptor stays the caller's; remove() before closing it. events: EPOLLIN, EPOLLPRI, EPOLLOUT.
  Status add(int fd, uint32_t events, std::move_only_function<void(uint32_t)> callback);
  void remove(int fd); // also from within a callback, its own included

  // Waits for events and runs their callbacks, once. timeout_ms -1: for ever.
  Status run_once(int timeout_ms = -1);

  // To wait for in another loop: readable when something is to be done here.
  [[nodiscard]] int get() const { return epoll_.get(); }

private:
  explicit EventLoop(Fd epoll) : epoll_(std::move(epoll)) {}
  using Callback = std::shared_ptr<std::move_only_function<void(uint32_t)>>;
  Fd epoll_;
  std::map<int, Callback> callbacks_;
};

} // namespace jails::supervise
