// What the supervisor does when a condition of limits.action holds.
#include "supervise/supervisor.h"

#include "sys/clock.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <iterator>

namespace jails::supervise {
namespace {

constexpr int kWarning = 4;

} // namespace

Status Supervisor::watch_limits() {
  reactions_.reset();
  if (setup_.spec.reactions.empty()) return {};
  std::vector<std::string> warnings;
  reactions_ = TRY(Reactions::create(
      loop_, setup_.spec,
      {.still = [this] { return frozen_ || !spawner_ || state_ == State::Stopping || state_ == State::Done; },
       .sample =
           [this](const cgroup::Wants &wants) {
             return cgroup::read_sample(*group_, wants, spawner_ ? spawner_->anchor().pid() : 0);
           },
       .traffic = [this]() -> Result<std::array<uint64_t, 2>> {
         const auto bytes = TRY(tables_.traffic(setup_.jid));
         return std::array{bytes.in, bytes.out};
       },
       .react = [this](const Reaction &reaction, const std::string &use,
                       const std::string &why) { react(reaction, use, why); }},
      warnings));
  std::ranges::move(warnings, std::back_inserter(warnings_));
  return {};
}

void Supervisor::react(const Reaction &reaction, const std::string &use, const std::string &why) {
  // Entered before it is done: what a restart leaves behind comes after its reason.
  const std::string text = fmt::format("{}: {}", why, act_text(reaction));
  note(kWarning, text);
  record(journal::Kind::Limit, text);
  if (const auto done = carry_out(reaction, use, why); !done) {
    note(kWarning, fmt::format("{}: {}", act_text(reaction), done.error().text()));
    record(journal::Kind::Limit, fmt::format("{}: not done: {}", act_text(reaction), done.error().text()));
  }
}

Status Supervisor::carry_out(const Reaction &reaction, const std::string &use, const std::string &why) {
  const auto no_command = [] { return fail(ErrorKind::NotFound, "no command runs in the jail"); };
  switch (reaction.act) {
  case Act::Log: return {};
  case Act::Exec: return run_on_host(reaction, use);
  case Act::Signal:
    if (workload_ == nullptr) return no_command();
    spawner_->signal(*workload_, reaction.signal);
    return {};
  case Act::Freeze: return freeze(true);
  case Act::Restart:
    if (workload_ == nullptr || state_ != State::Running) return no_command();
    if (!ends_command()) end_command(journal::Cause::Limit, why);
    return {};
  }
  std::unreachable();
}

Status Supervisor::run_on_host(const Reaction &reaction, const std::string &use) {
  HostRun::Order order{
      .commands = {reaction.command},
      .environment = jail_environment(setup_.instance.name(), setup_.spec.name.str(), setup_.jid, setup_.spec.root),
      .timeout_ms = reaction.timeout_seconds * 1000,
      .outlives = true};
  order.environment.push_back(fmt::format("JAIL_LIMIT={}", to_string(reaction.when.subject)));
  order.environment.push_back(fmt::format("JAIL_CONDITION={}", to_string(reaction.when)));
  order.environment.push_back(fmt::format("JAIL_USE={}", use));
  return host_commands_.start(order, [this](const Status &status) {
    if (status) return;
    note(kWarning, fmt::format("exec: {}", status.error().text()));
    record(journal::Kind::Limit, fmt::format("exec: {}", status.error().text()));
  });
}

} // namespace jails::supervise
