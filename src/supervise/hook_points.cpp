// Where hooks stand in the life of a jail. The supervisor carries them out and not whoever starts it, because a jail
// can end with nobody there but its supervisor, and what prestart made is to be taken away then too.
#include "supervise/supervisor.h"

#include "supervise/host_hook.h"
#include "supervise/timer.h"
#include "sys/file.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <fmt/format.h>
#include <unistd.h>

namespace jails::supervise {
namespace {

constexpr int kErr = 3; // syslog(3) level

} // namespace

Status Supervisor::make_hooks() {
  Hooks::Jail jail;
  jail.spawn = [this](const std::vector<std::string> &command) -> Result<Session *> {
    if (!spawner_) return fail(ErrorKind::System, "the jail's anchor ended");
    ExecRequest request;
    request.stdio = {anchor::Stdio::Null, anchor::Stdio::Descriptor, anchor::Stdio::Descriptor};
    request.command = command;
    const std::array<int, 2> fds{out_write_.get(), err_write_.get()};
    return TRY(spawn_command(request, fds, std::make_unique<Session>())).session;
  };
  jail.kill = [this](Session &session) {
    if (spawner_) spawner_->signal_group(session, SIGKILL);
  };
  jail.order = [this](HookPoint point) {
    return hook_order(setup_.instance, setup_.spec, setup_.jid, point, spawner_ ? spawner_->anchor().pid() : 0);
  };
  jail.host_child = [this](pid_t pid, bool there) {
    if (there)
      host_commands_.add_child(pid);
    else
      host_commands_.forget_child(pid);
  };
  hooks_ = TRY(Hooks::create(loop_, setup_.spec.hooks, std::move(jail)));
  return {};
}

// Before there is anything of the jail, and so nobody whom it could keep waiting. From here on a killed supervisor
// leaves traces, by which recover_jail() knows that poststop is due.
Status Supervisor::prestart() {
  const auto &hooks = setup_.spec.hooks;
  if (!hooks.configured()) return {};
  TRY(with_tables([this] { return tables_.set_supervisor(setup_.jid, getpid()); }));
  if (!hooks.at(HookPoint::Poststop).empty())
    TRY(sys::replace_file(poststop_file(setup_.instance, setup_.spec.name), "", 0600));
  auto done = run_host_hooks(setup_.instance, setup_.spec, setup_.jid, HookPoint::Prestart);
  if (!done) hook_failed(done.error());
  hook_start_failed_ = !done;
  TRY(std::move(done));
  return make_hooks();
}

// With nothing left of it, and its row not yet cleared.
void Supervisor::poststop() {
  if (!setup_.spec.hooks.configured()) return;
  const auto done = run_poststop(setup_.instance, setup_.spec, setup_.jid);
  if (!done) hook_failed(done.error());
  if (!group_) (void)with_tables([this] { return tables_.set_supervisor(setup_.jid, 0); });
}

void Supervisor::hook_failed(const Error &error) {
  note(kErr, error.text());
  record(journal::Kind::Hook, error.text());
}

// All that comes before the command, once for a jail that was made; then the command.
Status Supervisor::begin_command() {
  if (!hooks_ || !hooks_due_) return run_command();
  if (hooks_->busy()) return fail(ErrorKind::Busy, "a hook of the start before is not over");
  state_ = State::Starting;
  reached_ = std::max(reached_, HookPoint::Created);
  hooks_->begin(HookPoint::Created, [this](Status created) {
    if (!created) return start_hook_failed(std::move(created).error());
    reached_ = std::max(reached_, HookPoint::Start);
    hooks_->begin(HookPoint::Start, [this](Status started) {
      if (!started) return start_hook_failed(std::move(started).error());
      hooks_due_ = false;
      if (auto done = run_command(); !done) not_started(std::move(done).error());
    });
  });
  return {};
}

// The command runs, or the jail stands without one: the first time there is more to do before that is told.
void Supervisor::poststart() {
  if (reached_ == HookPoint::Poststart) return; // told, or about to be
  reached_ = HookPoint::Poststart;
  hooks_->begin(HookPoint::Poststart, [this](Status status) {
    if (!status) return start_hook_failed(std::move(status).error());
    report_ready({});
    if (finish_pending_) finish();
  });
}

void Supervisor::start_hook_failed(Error error) {
  hook_failed(error);
  cause_ = journal::Cause::Hook;
  cause_text_ = error.text();
  hook_start_failed_ = true;
  not_started(std::move(error));
}

void Supervisor::not_started(Error error) {
  if (!ready_) { // a restart in a jail that was made anew
    hook_start_failed_ = false;
    record_exit({.wait_status = 0, .failure = error.text()});
    return wait_or_end(true);
  }
  start_failure_ = std::move(error);
  stop_in_order(setup_.spec.stop_grace_ms);
}

// For each hook that was begun its counterpart, so that a start that failed is undone like any other. A hook that fails
// here does not keep the jail from ending.
void Supervisor::stop_in_order(uint32_t grace_ms) {
  if (hooks_->busy()) hooks_->cancel();
  state_ = State::Stopping;
  disarm_timer(timer_);
  const auto last = [this, grace_ms](const Status &done) {
    if (!done) hook_failed(done.error());
    terminate(grace_ms);
  };
  const auto stop = [this, last](const Status &done) {
    if (!done) hook_failed(done.error());
    if (reached_ >= HookPoint::Start && spawner_)
      hooks_->begin(HookPoint::Stop, last);
    else
      last({});
  };
  if (reached_ >= HookPoint::Poststart)
    hooks_->begin(HookPoint::Prestop, stop);
  else
    stop({});
}

} // namespace jails::supervise
