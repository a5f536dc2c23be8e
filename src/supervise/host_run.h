// Programs of the host that the administrator configured to be run beside a jail, as root: one after the other, by a
// process of their own, the runner. It has no descriptor of ours, takes their time, and ends with all that they left
// running. So the supervisor neither waits nor has their processes among its children, where those of the jail are.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace jails::supervise {

class HostRun {
public:
  struct Order {
    std::vector<std::vector<std::string>> commands; // argv each, no shell; argv[0]: an absolute path
    std::vector<std::string> environment;           // and PATH and HOME, nothing else
    uint32_t timeout_ms = 0;                        // of each
    bool outlives = false; // they go on within their time when nobody waits any more, as when the supervisor has ended
  };
  static Result<HostRun> start(const Order &order);
  HostRun(HostRun &&) = default;
  HostRun &operator=(HostRun &&) = default;
  HostRun(const HostRun &) = delete;
  HostRun &operator=(const HostRun &) = delete;
  ~HostRun() = default; // what still runs is killed by its runner, unless it outlives

  [[nodiscard]] pid_t runner() const { return runner_; }
  [[nodiscard]] int report() const { return report_.get(); } // readable when they are over
  // Waits for the end: what went wrong with the first that failed, "/usr/sbin/x: exited with status 1: no disk". With
  // EINTR: somebody killed it, or the runner.
  Status result();
  // Has what still runs killed, unless it outlives, and waits for the runner.
  void end();

private:
  HostRun(pid_t runner, Fd report) : runner_(runner), report_(std::move(report)) {}
  pid_t runner_;
  Fd report_;
};

// A program that the host runs as root: who can write to it could do what root can. Denied, with what is wrong.
Status check_program_file(const std::string &program);

// The environment that tells a program of the host which jail it is about: JAIL_NAME, JAIL_ID, JAIL_ROOT, and
// JAIL_INSTANCE where it is not the machine's own, so that the tools mean the same jail.
std::vector<std::string> jail_environment(std::string_view instance, std::string_view name, uint32_t jid,
                                          std::string_view root);

} // namespace jails::supervise
