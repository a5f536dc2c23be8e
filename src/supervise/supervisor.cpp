// The life of a running jail: its workload's starts and ends, stop, output.
#include "supervise/supervisor.h"

#include "base/quote.h"
#include "base/text.h"
#include "journal/store.h"
#include "supervise/timer.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace jails::supervise {
namespace {

constexpr int64_t kLogTimerSeconds = 5;
constexpr uint64_t kQuietMs = 10000;     // a verify that hangs shall not hide what follows
constexpr uint64_t kDenialLookMs = 1000; // between two looks at the counters, whatever asks for them
constexpr int kErr = 3, kWarning = 4, kNotice = 5, kInfo = 6; // syslog(3) levels

std::string describe(const Ending &ending) {
  return ending.failure.empty() ? journal::describe_status(ending.wait_status) : ending.failure;
}

} // namespace

void Supervisor::note(int level, std::string_view text) {
  if (log_) log_->note(level, text);
}

Status Supervisor::open_log() {
  if (log_) return {};
  TRY(sys::make_dir(setup_.instance.log_dir(), 0700));
  log_.emplace(
      TRY(Log::open(setup_.spec.name, setup_.jid, setup_.spec.log, setup_.instance.log_file(setup_.spec.name), loop_)));
  auto out = TRY(sys::make_pipe());
  auto err = TRY(sys::make_pipe());
  for (const Fd *fd : {&out.read, &err.read})
    if (fcntl(fd->get(), F_SETFL, O_NONBLOCK) != 0) return fail_errno("log pipe");
  out_read_ = std::move(out.read), out_write_ = std::move(out.write);
  err_read_ = std::move(err.read), err_write_ = std::move(err.write);
  return serve_log();
}

Status Supervisor::serve_log() {
  denial_log_.emplace(TRY(tables_.denials(setup_.jid)));
  const itimerspec often{.it_interval = {.tv_sec = kLogTimerSeconds, .tv_nsec = 0},
                         .it_value = {.tv_sec = kLogTimerSeconds, .tv_nsec = 0}};
  log_timer_ = Fd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!log_timer_ || timerfd_settime(log_timer_.get(), 0, &often, nullptr) != 0) return fail_errno("timerfd");
  TRY(loop_.add(log_timer_.get(), EPOLLIN, [this](uint32_t) { on_log_timer(); }));
  TRY(loop_.add(out_read_.get(), EPOLLIN, [this](uint32_t) { log_->read_from(out_read_.get(), log::Stream::Out); }));
  return loop_.add(err_read_.get(), EPOLLIN, [this](uint32_t) { log_->read_from(err_read_.get(), log::Stream::Err); });
}

Status Supervisor::start_workload(std::move_only_function<void(Status)> ready) {
  TRY(open_log());
  ready_ = std::move(ready);
  return begin_command();
}

Status Supervisor::run_command() {
  if (!spawner_) return fail(ErrorKind::System, "the jail's anchor ended");
  if (setup_.spec.command.empty()) {
    state_ = State::Idle;
    record_start();
    if (hooks_) poststart();
    return {};
  }
  for (const auto &warning : group_->warnings()) note(kWarning, warning);
  for (const auto &warning : std::exchange(warnings_, {})) note(kWarning, warning);
  ExecRequest request;
  request.stdio = {anchor::Stdio::Null, anchor::Stdio::Descriptor, anchor::Stdio::Descriptor};
  request.command = setup_.spec.command;
  const std::array<int, 2> fds{out_write_.get(), err_write_.get()};
  workload_ = TRY(spawn_command(request, fds, std::make_unique<Session>())).session;
  state_ = State::Running;
  cause_ = journal::Cause::None;
  seen_to_run_ = false;
  started_ms_ = sys::monotonic_ms();
  up_since_ms_ = sys::boottime_ms();
  started_at_ = static_cast<uint64_t>(time(nullptr));
  return watch_workload();
}

Status Supervisor::watch_workload() {
  const int status = workload_->status.get();
  return loop_.add(status, EPOLLIN, [this, status](uint32_t) {
    loop_.remove(status);
    if (workload_ == nullptr) return;
    spawner_->read_status(*workload_); // a failure is kept for the end of the session
    if (workload_->failure.empty()) workload_runs();
  });
}

void Supervisor::workload_runs() {
  seen_to_run_ = true;
  note(kInfo, "started: " + quoted_words(setup_.spec.command));
  if (!hooks_) report_ready({});
  record_start();
  start_health();
  if (hooks_) poststart();
}

// What the programs in the kernel refuse tells nobody: the counters are looked at. What the filter refuses comes here.
void Supervisor::on_log_timer() {
  uint64_t expirations = 0;
  if (read(log_timer_.get(), &expirations, sizeof expirations) != sizeof expirations) return;
  if (quiet_since_ms_ != 0 && sys::monotonic_ms() - quiet_since_ms_ > kQuietMs) set_quiet(false);
  log_denials();
  look_at_limits();
  log_->tick();
}

void Supervisor::log_denials() {
  const uint64_t now = sys::monotonic_ms();
  if (!denial_log_ || now - denials_looked_ms_ < kDenialLookMs) return;
  denials_looked_ms_ = now;
  if (const auto denials = tables_.denials(setup_.jid))
    denial_log_->update(*denials, now, [this](std::string_view line, bool first) {
      note(kWarning, line);
      if (first) record(journal::Kind::Denial, std::string(line));
    });
}

void Supervisor::expect_answer(Session &session) {
  session.asked_ms = sys::monotonic_ms();
  arm_timer(answer_timer_, kAnswerMs);
}

Result<Supervisor::Started> Supervisor::spawn_command(const ExecRequest &request, std::span<const int> fds,
                                                      std::unique_ptr<Session> session) {
  expect_answer(*session);
  const auto program = TRY(resolve_program(TRY(spawner_->jail_root()), request));
  std::vector<int> raw(fds.begin(), fds.end());
  Spawner::Terminal pty;
  if (std::ranges::find(request.stdio, anchor::Stdio::Terminal) != request.stdio.end()) {
    pty = TRY(spawner_->open_terminal(request.rows, request.columns, program.uid));
    raw.push_back(pty.slave.get());
  }
  Session *started = TRY(spawner_->spawn(program, raw, std::move(session)));
  return Started{started, std::move(pty.master)};
}

Result<Fd> Supervisor::start_foreground(const ExecRequest &request, std::span<const int> fds) {
  auto started = TRY(spawn_command(request, fds, std::make_unique<Session>()));
  foreground_ = started.session;
  state_ = State::Running;
  return std::move(started.master);
}

Status Supervisor::serve() {
  Status status;
  if (state_ == State::Idle && !hooks_ && !gone_on_) record_start();
  while (state_ != State::Done && status) status = loop_.run_once();
  // What the workload wrote last.
  for (int i = 0; i < 64 && log_; i++) {
    const bool out = log_->read_from(out_read_.get(), log::Stream::Out);
    const bool err = log_->read_from(err_read_.get(), log::Stream::Err);
    if (!out && !err) break;
  }
  if (log_) log_->end();
  take_down();
  // Only now: who hears of a failed start may clear up after it, and must find nothing of it.
  report_ready(
      std::unexpected(start_failure_.value_or(Error(ErrorKind::System, "the jail ended before its command ran"))));
  return status;
}

void Supervisor::finish() {
  if (hooks_ && hooks_->busy())
    finish_pending_ = true;
  else
    state_ = State::Done;
}

void Supervisor::report_ready(Status status) {
  if (ready_) std::exchange(ready_, nullptr)(std::move(status));
}

void Supervisor::on_signal() {
  signalfd_siginfo info{};
  bool child = false;
  while (read(signals_.get(), &info, sizeof info) == sizeof info) {
    const int number = static_cast<int>(info.ssi_signo);
    if (number == SIGCHLD) {
      child = true;
    } else if (number == SIGHUP && log_) {
      log_->reopen();
    } else if (foreground_ != nullptr) {
      spawner_->signal(*foreground_, number);
    } else if (number == SIGTERM || number == SIGINT || number == SIGQUIT) {
      begin_stop(setup_.spec.stop_grace_ms, journal::requester(static_cast<pid_t>(info.ssi_pid), info.ssi_uid));
    }
  }
  if (child && spawner_ && spawner_->reap()) anchor_ended();
}

void Supervisor::on_anchor_message() {
  spawner_->read_anchor();
  // EOF comes with its death, and SIGCHLD with that; until then a closed channel must not spin the loop.
  if (spawner_->reap()) anchor_ended();
}

void Supervisor::session_ended(Session &session, const Ending &ending) {
  if (session.probe && !spawner_->has_probes()) set_quiet(false);
  if (&session == workload_) {
    loop_.remove(session.status.get());
    workload_ended(ending);
  } else if ((health_ && health_->ended(session, ending)) || (hooks_ && hooks_->ended(session, ending))) {
    return;
  } else if (&session == foreground_) {
    foreground_ = nullptr;
    foreground_ending_ = ending;
    finish();
  } else if (session.client_key >= 0) {
    Reply answer{.type = ReplyType::Exited,
                 .wait_status = static_cast<uint32_t>(ending.wait_status),
                 .text = ending.failure,
                 .status = {}};
    reply(session.client.get(), answer);
    if (door_) user_command_ended(session.client_key);
  }
}

void Supervisor::workload_ended(const Ending &ending) {
  workload_ = nullptr;
  if (!seen_to_run_ && ending.failure.empty()) workload_runs(); // and was over before that was seen
  if (ready_ && !seen_to_run_) { // it never ran: a start that failed, not a crash to restart from
    start_failure_ = Error(ErrorKind::System, describe(ending));
    finish();
    return;
  }
  stop_health();
  const bool ill = cause_ == journal::Cause::Health;
  const bool failed = ends_command() || !ending.failure.empty() || !WIFEXITED(ending.wait_status) ||
                      WEXITSTATUS(ending.wait_status) != 0;
  // Done: killed after the grace, as take_down() sees it.
  const bool stopping = state_ == State::Stopping || state_ == State::Done;
  note(stopping ? kInfo : kWarning, describe(ending));
  record_exit(ending);
  if (stopping)
    finish();
  else
    wait_or_end(failed, ill);
}

void Supervisor::wait_or_end(bool failed, bool ill) {
  const uint64_t now = sys::monotonic_ms();
  const auto next = back_off_.next(setup_.spec.restart, failed, now - started_ms_, now);
  if (next.gave_up) {
    gave_up_ = true;
    const auto &rules = setup_.spec.restart;
    note(kErr, fmt::format("given up: {} restarts in {:g} s", rules.limit, rules.window_ms / 1000.0));
  }
  if (!next.seconds) {
    if (!next.gave_up) note(kNotice, "not restarting");
    gave_up_ = gave_up_ || ill; // it did not end by itself
    finish();
    return;
  }
  const std::string when = fmt::format("in {} {}", *next.seconds, *next.seconds == 1 ? "second" : "seconds");
  note(kNotice, "restarting " + when);
  record(journal::Kind::Restart, when);
  state_ = State::Waiting;
  arm_timer(timer_, *next.seconds * 1000ULL);
}

// A Landlock domain cannot be joined again: without its anchor the jail is over, and is made anew as a whole.
void Supervisor::anchor_ended() {
  loop_.remove(spawner_->anchor().channel());
  note(kErr, "the anchor ended; the jail is taken down");
  if (cause_ == journal::Cause::None) cause_ = journal::Cause::AnchorLost;
  if (health_) health_->anchor_ended();
  (void)group_->kill();
  (void)group_->wait_empty(10000);
  spawner_->reap();
  const bool stopping = state_ == State::Stopping;
  const bool idle = workload_ == nullptr && state_ == State::Idle;
  spawner_->abandon("the jail's anchor ended");
  if (idle) record_exit({.wait_status = 0, .failure = "the jail's anchor ended"});
  if (foreground_ending_ || stopping || state_ == State::Done)
    finish();
  else if (state_ == State::Idle)
    wait_or_end(true);
  notifier_.reset();
  landlock_log_.reset();
  spawner_.reset();
}

void Supervisor::on_timer() {
  uint64_t expirations = 0;
  if (read(timer_.get(), &expirations, sizeof expirations) != sizeof expirations) return;
  if (state_ == State::Stopping) {
    note(kWarning, "still running after the grace; killing");
    finish();
    return;
  }
  if (state_ == State::Running) kill_ended_command();
  if (state_ != State::Waiting) return;
  restarts_++;
  if (const auto counted = with_tables([this] { return tables_.count_restart(setup_.jid); }); !counted)
    note(kWarning, "counting the restart: " + counted.error().text());
  Status again;
  if (!spawner_) {
    // In a new cgroup: Linux kills what is cloned into one whose cgroup.kill was ever written to (tried on 6.18).
    again = make_cgroup();
    if (again) again = launch_anchor();
  }
  if (again) again = begin_command();
  if (!again) {
    note(kErr, "restart: " + again.error().text());
    cause_ = journal::Cause::StartFailed;
    record_exit({.wait_status = 0, .failure = again.error().text()});
    wait_or_end(true);
  }
}

// An anchor that was stopped, or is held by a tracer, would let every exec wait for ever: the jail is over.
void Supervisor::on_answer_timer() {
  uint64_t expirations = 0;
  if (read(answer_timer_.get(), &expirations, sizeof expirations) != sizeof expirations) return;
  if (!spawner_ || !spawner_->unanswered_since(sys::monotonic_ms() - kAnswerMs)) return;
  if (frozen_ || group_->frozen().value_or(false)) { // it cannot, and shall not
    arm_timer(answer_timer_, kAnswerMs);
    return;
  }
  note(kErr, "the anchor does not answer; killing it");
  cause_ = journal::Cause::AnchorLost;
  cause_text_ = "it did not answer";
  (void)group_->kill();
}

Status Supervisor::freeze(bool stop) {
  if (stop && (!spawner_ || state_ == State::Stopping || state_ == State::Done))
    return fail(ErrorKind::Busy, fmt::format("jail {} is stopping or restarting", setup_.spec.name.str()));
  TRY(group_->freeze(stop));
  if (stop != frozen_) {
    note(kNotice, stop ? "frozen" : "thawed");
    record(stop ? journal::Kind::Freeze : journal::Kind::Thaw, "");
  }
  if (!stop) arm_timer(answer_timer_, kAnswerMs); // what was asked before counts from now on
  if (!stop && health_) health_->thawed();
  frozen_ = stop;
  return {};
}

void Supervisor::begin_stop(uint32_t grace_ms, journal::Requester by) {
  if (state_ == State::Stopping || state_ == State::Done) return;
  if (frozen_) (void)freeze(false); // its command is to hear of the stop; where this fails it is killed after the grace
  note(kNotice, fmt::format("shutdown requested by {} (pid {})", by.program, by.pid));
  stopped_by_ = std::move(by);
  if (health_) health_->pause();
  if (state_ == State::Starting) start_failure_ = Error(ErrorKind::System, "the jail was stopped while it started");
  if (hooks_) return stop_in_order(grace_ms);
  terminate(grace_ms);
}

void Supervisor::terminate(uint32_t grace_ms) {
  Session *const command = workload_ != nullptr ? workload_ : foreground_;
  if (command == nullptr || grace_ms == 0) {
    finish();
    return;
  }
  state_ = State::Stopping;
  spawner_->signal_group(*command, SIGTERM);
  arm_timer(timer_, grace_ms);
}

SupervisorStatus Supervisor::status() const {
  SupervisorStatus status;
  status.supervisor = static_cast<uint32_t>(getpid());
  status.anchor = spawner_ ? static_cast<uint32_t>(spawner_->anchor().pid()) : 0;
  status.workload = workload_ != nullptr ? static_cast<uint32_t>(workload_->pid) : 0;
  status.restarts = restarts_;
  status.started = started_at_;
  if (health_) {
    status.health = to_string(health_->state());
    status.health_failures = health_->failures();
  }
  switch (state_) {
  case State::Idle: status.state = "idle"; break;
  case State::Starting: status.state = "starting"; break;
  case State::Running: status.state = "running"; break;
  case State::Waiting: status.state = "waiting"; break;
  case State::Stopping:
  case State::Done: status.state = "stopping"; break;
  }
  if (frozen_) status.state = "frozen";
  return status;
}

} // namespace jails::supervise
