#include "supervise/event_loop.h"

#include <array>
#include <cerrno>
#include <sys/epoll.h>

namespace jails::supervise {

Result<EventLoop> EventLoop::create() {
  Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return fail_errno("epoll_create");
  return EventLoop(std::move(epoll));
}

Status EventLoop::add(int fd, uint32_t events, std::move_only_function<void(uint32_t)> callback) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail_errno("epoll_ctl");
  callbacks_[fd] = std::make_shared<std::move_only_function<void(uint32_t)>>(std::move(callback));
  return {};
}

void EventLoop::remove(int fd) {
  if (callbacks_.erase(fd) != 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

Status EventLoop::run_once(int timeout_ms) {
  std::array<epoll_event, 16> events{};
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
  if (count < 0) return errno == EINTR ? Status{} : fail_errno("epoll_wait");
  for (int i = 0; i < count; i++) {
    const auto found = callbacks_.find(events[static_cast<size_t>(i)].data.fd);
    if (found == callbacks_.end()) continue; // removed by an earlier callback of this round
    const Callback callback = found->second; // kept alive while it removes itself
    (*callback)(events[static_cast<size_t>(i)].events);
  }
  return {};
}

} // namespace jails::supervise
