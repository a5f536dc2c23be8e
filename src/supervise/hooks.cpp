#include "supervise/hooks.h"

#include "base/text.h"
#include "journal/event.h"
#include "supervise/timer.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <utility>

namespace jails::supervise {

Result<std::unique_ptr<Hooks>> Hooks::create(EventLoop &loop, const HookSpec &spec, Jail jail) {
  std::unique_ptr<Hooks> self(new Hooks(loop, spec, std::move(jail)));
  self->timer_ = TRY(make_timer());
  TRY(loop.add(self->timer_.get(), EPOLLIN, [raw = self.get()](uint32_t) { raw->on_timer(); }));
  return self;
}

Hooks::~Hooks() {
  loop_.remove(timer_.get());
  drop_host();
}

void Hooks::begin(HookPoint point, Done done) {
  if (spec_.at(point).empty()) return done({});
  point_ = point;
  done_ = std::move(done);
  if (is_in_jail(point)) {
    command_ = 0;
    return next();
  }
  auto started = HostRun::start(jail_.order(point));
  if (!started) return over(std::unexpected(std::move(started).error()));
  host_.emplace(std::move(*started));
  jail_.host_child(host_->runner(), true);
  if (auto added = loop_.add(host_->report(), EPOLLIN, [this](uint32_t) { on_report(); }); !added)
    over(std::move(added));
}

// The time of a hook of the host is the runner's to keep.
void Hooks::on_report() {
  auto status = host_->result();
  over(std::move(status));
}

void Hooks::next() {
  const auto &commands = spec_.at(point_);
  if (command_ == commands.size()) return over({});
  arm_timer(timer_, spec_.timeout_ms);
  auto session = jail_.spawn(commands[command_]);
  if (!session) return over(std::unexpected(std::move(session).error()));
  session_ = *session;
}

bool Hooks::ended(const Session &session, const Ending &ending) {
  if (&session != session_) return false;
  session_ = nullptr;
  const auto &program = spec_.at(point_)[command_][0];
  if (!ending.failure.empty())
    over(fail(ErrorKind::System, ending.failure));
  else if (ending.wait_status != 0)
    over(fail(ErrorKind::System, printable(program) + ": " + journal::describe_status(ending.wait_status)));
  else {
    command_++;
    next();
  }
  return true;
}

void Hooks::on_timer() {
  if (!timer_expired(timer_) || session_ == nullptr) return;
  jail_.kill(*std::exchange(session_, nullptr));
  over(fail(ErrorKind::System, fmt::format("{}: did not end within {:g} s, and was killed",
                                           printable(spec_.at(point_)[command_][0]), spec_.timeout_ms / 1000.0)));
}

void Hooks::over(Status status) {
  disarm_timer(timer_);
  drop_host();
  if (!status) status = std::unexpected(std::move(status).error().context(fmt::format("hook {}", to_string(point_))));
  std::exchange(done_, nullptr)(std::move(status));
}

void Hooks::drop_host() {
  if (!host_) return;
  loop_.remove(host_->report());
  host_->end();
  jail_.host_child(host_->runner(), false);
  host_.reset();
}

void Hooks::cancel() {
  if (session_ != nullptr) jail_.kill(*std::exchange(session_, nullptr));
  disarm_timer(timer_);
  drop_host();
  done_ = nullptr;
}

} // namespace jails::supervise
