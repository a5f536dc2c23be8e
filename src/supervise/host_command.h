// Programs of the host that run beside a jail without anybody waiting (host_run.h), and which children of the
// supervisor are such runners. Whoever reaps asks ended() first, and no pid of a runner may pass for one of the jail's.
#pragma once

#include "base/error.h"
#include "supervise/event_loop.h"
#include "supervise/host_run.h"

#include <functional>
#include <memory>
#include <sys/types.h>
#include <vector>

namespace jails::supervise {

class HostCommands {
public:
  explicit HostCommands(EventLoop &loop) : loop_(loop) {}
  HostCommands(const HostCommands &) = delete;
  HostCommands &operator=(const HostCommands &) = delete;
  ~HostCommands();

  using OnEnd = std::move_only_function<void(const Status &)>;
  // Busy: kMost run already.
  Status start(const HostRun::Order &order, OnEnd on_end);
  static constexpr size_t kMost = 4;
  [[nodiscard]] bool idle() const { return running_.empty(); }

  // Of a runner that somebody else looks after; what reaps first, this or he, makes no difference.
  void add_child(pid_t pid) { children_.push_back(pid); }
  void forget_child(pid_t pid) { std::erase(children_, pid); }
  [[nodiscard]] bool owns(pid_t pid) const;
  bool ended(pid_t pid) { return std::erase(children_, pid) != 0; } // false: none of these

private:
  struct Running {
    HostRun run;
    OnEnd on_end;
  };
  void over(const Running *one);

  EventLoop &loop_;
  std::vector<std::unique_ptr<Running>> running_;
  std::vector<pid_t> children_;
};

} // namespace jails::supervise
