#include "supervise/host_command.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <utility>

namespace jails::supervise {

HostCommands::~HostCommands() {
  for (const auto &one : running_) loop_.remove(one->run.report());
}

Status HostCommands::start(const HostRun::Order &order, OnEnd on_end) {
  if (running_.size() >= kMost) return fail(ErrorKind::Busy, fmt::format("{} commands of it still run", kMost));
  running_.push_back(std::make_unique<Running>(TRY(HostRun::start(order)), std::move(on_end)));
  const Running *const one = running_.back().get();
  add_child(one->run.runner());
  return loop_.add(one->run.report(), EPOLLIN, [this, one](uint32_t) { over(one); });
}

void HostCommands::over(const Running *which) {
  const auto at = std::ranges::find(running_, which, &std::unique_ptr<Running>::get);
  const auto one = std::move(*at);
  running_.erase(at);
  loop_.remove(one->run.report());
  const auto status = one->run.result();
  one->run.end();
  forget_child(one->run.runner());
  one->on_end(status);
}

bool HostCommands::owns(pid_t pid) const { return std::ranges::find(children_, pid) != children_.end(); }

} // namespace jails::supervise
