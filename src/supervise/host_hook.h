// Hooks on the host: the commands of one point, run one after the other by a process of their own, the runner. It has a
// clean environment and no descriptor of ours, takes their time, and ends with all that they left running. So the
// supervisor neither waits nor has their processes among its children, where those of the jail are.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "model/instance.h"
#include "model/spec.h"

#include <string>
#include <sys/types.h>
#include <vector>

namespace jails::supervise {

// What a hook is told of its jail, as environment. anchor: 0 while there is none.
std::vector<std::string> hook_environment(const Instance &instance, const Spec &spec, Jid jid, HookPoint point,
                                          pid_t anchor);

class HostHook {
public:
  static Result<HostHook> start(const HookSpec &hooks, HookPoint point, const std::vector<std::string> &environment);
  HostHook(HostHook &&) = default;
  HostHook &operator=(HostHook &&) = default;
  HostHook(const HostHook &) = delete;
  HostHook &operator=(const HostHook &) = delete;
  ~HostHook() = default; // its hooks are killed, if they still run

  [[nodiscard]] pid_t runner() const { return runner_; }
  [[nodiscard]] int report() const { return report_.get(); } // readable when they are over
  // Waits for the end: what went wrong, "hook prestart: /usr/sbin/x: exited with status 1: no disk".
  Status result();
  // Kills what still runs and waits for the runner.
  void end();

private:
  HostHook(pid_t runner, Fd report) : runner_(runner), report_(std::move(report)) {}
  pid_t runner_;
  Fd report_;
};

// Runs them here and now.
Status run_host_hooks(const HookSpec &hooks, HookPoint point, const std::vector<std::string> &environment);

// RUN/NAME/poststop: those of poststop are due, whatever becomes of this process.
std::string poststop_file(const Instance &instance, const JailName &name);
// Runs them if they are due; a failure is told by the result, and is no reason to run them again.
Status run_poststop(const Instance &instance, const Spec &spec, Jid jid);

} // namespace jails::supervise
