// What the health check of the command finds, and what follows from it.
#include "supervise/supervisor.h"

#include "supervise/timer.h"
#include "sys/file.h"

#include <array>
#include <csignal>
#include <fmt/format.h>
#include <unistd.h>

namespace jails::supervise {
namespace {

constexpr int kErr = 3, kWarning = 4, kNotice = 5; // syslog(3) levels

} // namespace

// With each start of the command.
void Supervisor::start_health() {
  if (make_health()) health_->start();
}

// False: there is none.
bool Supervisor::make_health() {
  if (!setup_.spec.health.configured()) return false;
  if (!health_) {
    HealthCheck::Jail jail;
    jail.spawn = [this](const std::vector<std::string> &command, int output) -> Result<Session *> {
      ExecRequest request;
      request.stdio = {anchor::Stdio::Null, anchor::Stdio::Descriptor, anchor::Stdio::Descriptor};
      request.command = command;
      const std::array<int, 2> fds{output, output};
      return TRY(spawn_command(request, fds, std::make_unique<Session>())).session;
    };
    jail.kill = [this](Session &session) {
      if (spawner_) spawner_->signal_group(session, SIGKILL);
    };
    jail.frozen = [this] { return frozen_ || group_->frozen().value_or(false); };
    jail.judged = [this](HealthJudge::Verdict verdict, const std::string &why) { on_health(verdict, why); };
    jail.recovered = [this](const std::string &why) { recovered(why); };
    jail.answer = [this](int client, bool good, const std::string &why) {
      reply(client, {.type = ReplyType::Health, .wait_status = good ? 0U : 1U, .text = why, .status = status()});
    };
    auto made = HealthCheck::create(loop_, setup_.spec, std::move(jail));
    if (!made) note(kErr, "health check: " + made.error().text());
    if (!made) return false;
    health_ = std::move(*made);
  }
  return true;
}

void Supervisor::stop_health() {
  if (!health_) return;
  health_->stop();
  unlink(setup_.instance.unhealthy_file(setup_.spec.name).c_str());
}

void Supervisor::on_health(HealthJudge::Verdict verdict, const std::string &why) {
  const std::string marker = setup_.instance.unhealthy_file(setup_.spec.name);
  if (verdict == HealthJudge::Verdict::Better) {
    unlink(marker.c_str());
    note(kNotice, "health: healthy");
    return record(journal::Kind::Health, "healthy");
  }
  if (verdict == HealthJudge::Verdict::Worse) {
    (void)sys::replace_file(marker, why + "\n", 0600); // for `jailctl list`, which asks no supervisor
    note(kWarning, "health: unhealthy: " + why);
    record(journal::Kind::Health, "unhealthy: " + why);
  }
  recover(why);
}

void Supervisor::recover(const std::string &why) {
  if (state_ != State::Running || workload_ == nullptr) return;
  const auto recovery = setup_.spec.health.recovery;
  if (recovery == Recovery::None) return;
  if (recovery == Recovery::Command) return health_->run_recovery();
  if (recovery == Recovery::GiveUp) {
    gave_up_ = true;
    state_ = State::Stopping;
  }
  end_command(journal::Cause::Health, why);
}

void Supervisor::end_command(journal::Cause cause, const std::string &why) {
  cause_ = cause;
  cause_text_ = why;
  if (health_) health_->pause();
  spawner_->signal_group(*workload_, SIGTERM);
  arm_timer(timer_, setup_.spec.stop_grace_ms);
}

bool Supervisor::ends_command() const { return cause_ == journal::Cause::Health || cause_ == journal::Cause::Limit; }

// Its grace is over.
void Supervisor::kill_ended_command() {
  if (workload_ == nullptr || !ends_command()) return;
  note(kWarning, "still running after the grace; killing");
  spawner_->signal_group(*workload_, SIGKILL);
}

void Supervisor::recovered(const std::string &why) {
  const std::string text = why.empty() ? "recovery command: done" : "recovery command: " + why;
  note(why.empty() ? kNotice : kWarning, "health: " + text);
  record(journal::Kind::Health, text);
}

// `jailctl health`.
Status Supervisor::ask_health(int fd) {
  const auto &name = setup_.spec.name.str();
  if (!setup_.spec.health.configured())
    return fail(ErrorKind::NotFound, fmt::format("jail {} has no health check", name));
  if (frozen_) return fail(ErrorKind::Busy, fmt::format("jail {0} is frozen; 'jailctl thaw {0}' lets it go on", name));
  if (!health_ || state_ != State::Running || workload_ == nullptr || ends_command())
    return fail(ErrorKind::Busy, fmt::format("the command of jail {} does not run now", name));
  health_->ask(fd);
  return {};
}

} // namespace jails::supervise
