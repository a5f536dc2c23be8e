#include "supervise/notifier.h"

#include "denial/call.h"

#include <ctime>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace jails::supervise {
namespace {

// A jail that asks without end waits; its supervisor has other things to do. 2000 answers a second are a few per cent
// of a CPU (docs/benchmarks.md).
constexpr uint64_t kSliceMs = 10;
constexpr unsigned kAnswersInASlice = 20;

uint64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}

} // namespace

Result<std::unique_ptr<Notifier>> Notifier::start(EventLoop &loop, Ledger ledger, const Jail &jail,
                                                  std::function<void()> on_denial) {
  Fd pause(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!pause) return fail_errno("timerfd");
  std::unique_ptr<Notifier> self(new Notifier(loop, std::move(ledger), jail, std::move(pause), std::move(on_denial)));
  TRY(loop.add(self->pause_.get(), EPOLLIN, [raw = self.get()](uint32_t) { raw->on_pause_over(); }));
  TRY(self->listen());
  return self;
}

Notifier::~Notifier() {
  loop_.remove(jail_.listener);
  loop_.remove(pause_.get());
}

Status Notifier::listen() {
  return loop_.add(jail_.listener, EPOLLIN, [this](uint32_t events) { on_events(events); });
}

void Notifier::on_events(uint32_t events) {
  if ((events & EPOLLIN) == 0) { // EPOLLHUP: no process with this filter is left
    loop_.remove(jail_.listener);
    return;
  }
  const uint64_t now = monotonic_ms();
  if (now - slice_began_ms_ >= kSliceMs) {
    slice_began_ms_ = now;
    answered_ = 0;
  }
  if (answered_ == kAnswersInASlice) {
    loop_.remove(jail_.listener);
    pause_for(slice_began_ms_ + kSliceMs - now);
    return;
  }
  answered_++;
  const auto call = launch::receive_call(jail_.listener);
  if (call && *call) serve(**call);
}

void Notifier::pause_for(uint64_t ms) {
  itimerspec until{};
  until.it_value.tv_nsec = static_cast<long>(ms) * 1000000;
  timerfd_settime(pause_.get(), 0, &until, nullptr);
}

void Notifier::on_pause_over() {
  uint64_t expirations = 0;
  if (read(pause_.get(), &expirations, sizeof expirations) != sizeof expirations) return;
  if (!listen()) pause_for(kSliceMs); // for want of memory
}

void Notifier::serve(const launch::Call &call) {
  const auto caller = thread_facts(call.thread);
  // A caller that is gone was answered by its death; what was read may be of somebody else.
  if (!caller || !launch::still_waiting(jail_.listener, call.id)) return;
  auto answer = proxy_.answer(jail_.listener, call, *caller);
  if (!answer) {
    deny(call, *caller);
  } else if (answer->descriptor) {
    const int error = launch::answer_with_descriptor(jail_.listener, call.id, answer->descriptor.get());
    if (error != 0) launch::refuse(jail_.listener, call.id, error); // EMFILE
  } else if (answer->error != 0) {
    launch::refuse(jail_.listener, call.id, answer->error);
  } else {
    launch::answer(jail_.listener, call.id, 0);
  }
}

void Notifier::deny(const launch::Call &call, const ThreadFacts &caller) {
  // Entered first: who has the answer finds the row.
  const auto entered = ledger_.add_call(jail_.jid, denial::object_of_call(call.nr, call.args), caller.name, caller.uid,
                                        static_cast<uint32_t>(caller.process));
  static_cast<void>(entered.has_value()); // a full table: it is refused all the same
  launch::refuse(jail_.listener, call.id, launch::refusal(jail_.profile, jail_.permissions, call));
  on_denial_();
}

} // namespace jails::supervise
