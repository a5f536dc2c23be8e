// Why a jail's command, or the jail, ended: what the supervisor enters in the journal. A journal that cannot be written
// stands in no jail's way.
#include "supervise/supervisor.h"

#include "base/quote.h"
#include "base/text.h"
#include "journal/store.h"
#include "sys/clock.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <sys/wait.h>

namespace jails::supervise {

using journal::Cause;
using journal::Kind;

namespace {

constexpr uint64_t kForkEventMs = 60000; // at most one event about refused forks in this time

constexpr uint64_t kOomMs = 6000; // a look at the counters may have come just before the end: they are 5 s apart

// SIGTERM for everybody at the end of the host: init's own, or that of sysvinit's killall5(8). Or the stop that the
// boot unit asks for then: its word is in the command line of who asked, who is root and may say what he likes.
bool host_goes_down(const journal::Requester &by) {
  const std::string_view program = by.program;
  const auto words = split(program, ' ');
  return by.pid == 1 || program.starts_with("killall5") || program.starts_with("/sbin/killall5") ||
         (words[0].ends_with("jailmgr") && std::ranges::find(words, "--shutdown") != words.end());
}

} // namespace

journal::Event Supervisor::event_of(Kind kind, std::string text) const {
  auto event = journal::event_of(kind, setup_.spec.name.str(), setup_.jid, std::move(text));
  event.restarts = restarts_;
  return event;
}

void Supervisor::record(Kind kind, std::string text) const {
  if (setup_.recorded) (void)journal::append(setup_.instance, event_of(kind, std::move(text)));
}

void Supervisor::record_start() const {
  if (!setup_.recorded) return;
  const auto &command = setup_.spec.command;
  auto event = event_of(Kind::Start, command.empty() ? "without a command" : quoted_words(command));
  event.boot = journal::boot_id();
  if (workload_ != nullptr && workload_->pid != 0) event.pid = static_cast<uint32_t>(workload_->pid);
  (void)journal::append(setup_.instance, std::move(event));
}

void Supervisor::record_exit(const Ending &ending) {
  if (!setup_.recorded) return;
  look_at_limits();
  const bool by_kill = WIFSIGNALED(ending.wait_status) && WTERMSIG(ending.wait_status) == SIGKILL;
  const bool killed_for_memory = oom_seen_ms_ != 0 && sys::monotonic_ms() - oom_seen_ms_ < kOomMs;
  if (killed_for_memory && (by_kill || cause_ == Cause::AnchorLost)) cause_ = Cause::Oom;
  auto event = event_of(Kind::Exit, cause_text_);
  event.cause = cause_;
  event.ran_ms = sys::boottime_ms() - up_since_ms_;
  if (ending.failure.empty()) event.wait_status = ending.wait_status;
  if ((state_ == State::Stopping || state_ == State::Done) && stopped_by_) {
    event.cause = host_goes_down(*stopped_by_) ? Cause::Shutdown : Cause::Operator;
    event.by = *stopped_by_;
  } else if (event.cause == Cause::None) {
    event.cause = !ending.failure.empty() ? Cause::StartFailed
                                          : (WIFSIGNALED(ending.wait_status) ? Cause::Signal : Cause::Exited);
    if (event.text.empty()) event.text = ending.failure;
  } else if (event.cause == Cause::StartFailed && event.text.empty()) {
    event.text = ending.failure;
  }
  cause_ = Cause::None;
  cause_text_.clear();
  last_exit_ = event;
  (void)journal::append_end(setup_.instance, std::move(event));
}

void Supervisor::record_end() {
  if (!setup_.recorded) return;
  auto event = event_of(gave_up_ ? Kind::Failed : Kind::Stop, "");
  event.ran_ms = sys::boottime_ms() - up_since_ms_;
  if (last_exit_) {
    event.cause = last_exit_->cause;
    event.wait_status = last_exit_->wait_status;
    event.ran_ms = last_exit_->ran_ms;
    event.text = last_exit_->text;
  }
  if (start_failure_) {
    event.cause = hook_start_failed_ ? Cause::Hook : Cause::StartFailed;
    event.text = start_failure_->text();
  } else if (stopped_by_) {
    event.cause = host_goes_down(*stopped_by_) ? Cause::Shutdown : Cause::Operator;
    event.by = *stopped_by_;
    event.text.clear();
  }
  (void)journal::append_end(setup_.instance, std::move(event));
}

// The kernel counts and tells nobody: looked at when the command ends, and every few seconds while there is a log.
void Supervisor::look_at_limits() {
  if (!group_ || !setup_.recorded) return;
  const auto now = cgroup::limit_hits(*group_);
  if (now.oom_kills > hits_.oom_kills) {
    oom_seen_ms_ = sys::monotonic_ms();
    const uint64_t count = now.oom_kills - hits_.oom_kills;
    record(Kind::Oom, fmt::format("the kernel killed {} of its processes", count));
  }
  hits_.oom_kills = now.oom_kills;
  const uint64_t ms = sys::monotonic_ms();
  if (now.forks <= hits_.forks || (fork_event_ms_ != 0 && ms - fork_event_ms_ < kForkEventMs)) return;
  record(Kind::Limit, fmt::format("processes: {} {} refused", now.forks - hits_.forks,
                                  now.forks - hits_.forks == 1 ? "fork" : "forks"));
  hits_.forks = now.forks;
  fork_event_ms_ = ms;
}

} // namespace jails::supervise
