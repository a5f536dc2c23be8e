#include "supervise/host_hook.h"

#include <cerrno>
#include <fmt/format.h>
#include <unistd.h>

namespace jails::supervise {

HostRun::Order hook_order(const Instance &instance, const Spec &spec, Jid jid, HookPoint point, pid_t anchor) {
  HostRun::Order order{.commands = spec.hooks.at(point),
                       .environment = jail_environment(instance.name(), spec.name.str(), jid, spec.root),
                       .timeout_ms = spec.hooks.timeout_ms};
  order.environment.push_back(fmt::format("JAIL_HOOK={}", to_string(point)));
  if (anchor != 0) order.environment.push_back(fmt::format("JAIL_PID={}", anchor));
  return order;
}

Status run_host_hooks(const Instance &instance, const Spec &spec, Jid jid, HookPoint point) {
  if (spec.hooks.at(point).empty()) return {};
  const std::string name = fmt::format("hook {}", to_string(point));
  auto run = TRY_IN(name, HostRun::start(hook_order(instance, spec, jid, point, 0)));
  auto status = run.result();
  run.end();
  TRY_IN(name, std::move(status));
  return {};
}

std::string poststop_file(const Instance &instance, const JailName &name) {
  return instance.jail_run_dir(name) + "/poststop";
}

Status run_poststop(const Instance &instance, const Spec &spec, Jid jid) {
  const std::string due = poststop_file(instance, spec.name);
  if (access(due.c_str(), F_OK) != 0) return {};
  auto status = run_host_hooks(instance, spec, jid, HookPoint::Poststop);
  // Killed before it was done, perhaps before it had begun: twice rather than never.
  if (!status && status.error().sys_errno() == EINTR) status = run_host_hooks(instance, spec, jid, HookPoint::Poststop);
  unlink(due.c_str());
  return status;
}

} // namespace jails::supervise
