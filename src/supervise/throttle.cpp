#include "supervise/throttle.h"

#include <ctime>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace jails::supervise {
namespace {

constexpr uint64_t kSliceMs = 10;

uint64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}

} // namespace

Result<std::unique_ptr<Throttle>> Throttle::start(EventLoop &loop, int fd, unsigned times,
                                                  std::function<void(bool)> serve) {
  std::unique_ptr<Throttle> self(new Throttle(loop, fd, times, std::move(serve)));
  TRY(self->listen());
  return self;
}

Throttle::~Throttle() {
  loop_.remove(fd_);
  if (pause_) loop_.remove(pause_.get());
}

Status Throttle::listen() {
  return loop_.add(fd_, EPOLLIN, [this](uint32_t events) { on_events(events); });
}

void Throttle::on_events(uint32_t events) {
  if ((events & EPOLLIN) == 0) {
    loop_.remove(fd_);
    return;
  }
  const uint64_t now = monotonic_ms();
  if (now - slice_began_ms_ >= kSliceMs) {
    slice_began_ms_ = now;
    served_ = 0;
  }
  if (served_ >= times_ && make_pause()) { // without one, for want of descriptors, it goes on
    loop_.remove(fd_);
    pause_for(slice_began_ms_ + kSliceMs - now);
    return;
  }
  serve_(served_++ == 0);
}

// Most never need one.
Status Throttle::make_pause() {
  if (pause_) return {};
  Fd pause(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!pause) return fail_errno("timerfd");
  TRY(loop_.add(pause.get(), EPOLLIN, [this](uint32_t) { on_pause_over(); }));
  pause_ = std::move(pause);
  return {};
}

void Throttle::pause_for(uint64_t ms) {
  itimerspec until{};
  until.it_value.tv_nsec = static_cast<long>(ms) * 1000000;
  timerfd_settime(pause_.get(), 0, &until, nullptr);
}

void Throttle::on_pause_over() {
  uint64_t expirations = 0;
  if (read(pause_.get(), &expirations, sizeof expirations) != sizeof expirations) return;
  if (!listen()) pause_for(kSliceMs); // for want of memory
}

} // namespace jails::supervise
