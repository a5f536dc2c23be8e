// The hooks of a jail that stands, run without waiting: those of the host by a runner (host_run.h), those in the jail
// as sessions of the anchor. One point at a time. Made only where hooks are configured.
#pragma once

#include "base/fd.h"
#include "model/spec.h"
#include "supervise/event_loop.h"
#include "supervise/host_run.h"
#include "supervise/session.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace jails::supervise {

class Hooks {
public:
  // What it needs of the supervisor.
  struct Jail {
    // Runs a command in the jail as its root, its output going to the log.
    std::move_only_function<Result<Session *>(const std::vector<std::string> &command)> spawn;
    std::move_only_function<void(Session &)> kill;            // with its process group
    std::move_only_function<HostRun::Order(HookPoint)> order; // on the host
    // Children of ours that the anchor cannot have made come and go.
    std::move_only_function<void(pid_t, bool there)> host_child;
  };
  using Done = std::move_only_function<void(Status)>;

  // spec: outlives it.
  static Result<std::unique_ptr<Hooks>> create(EventLoop &loop, const HookSpec &spec, Jail jail);
  Hooks(const Hooks &) = delete;
  Hooks &operator=(const Hooks &) = delete;
  ~Hooks();

  // done is called once, at once if there is nothing to run; not after cancel(). Nothing else may be under way.
  void begin(HookPoint point, Done done);
  [[nodiscard]] bool busy() const { return static_cast<bool>(done_); }
  void cancel(); // kills what is under way
  // Is it the session of a hook? Then its end is taken in.
  bool ended(const Session &session, const Ending &ending);

private:
  Hooks(EventLoop &loop, const HookSpec &spec, Jail jail) : loop_(loop), spec_(spec), jail_(std::move(jail)) {}
  void on_timer();
  void on_report();
  void next();
  void over(Status status);
  void drop_host();

  EventLoop &loop_;
  const HookSpec &spec_;
  Jail jail_;
  Fd timer_;
  HookPoint point_ = HookPoint::Prestart;
  size_t command_ = 0; // of those in the jail
  Session *session_ = nullptr;
  std::optional<HostRun> host_;
  Done done_;
};

} // namespace jails::supervise
