// The services of one jail while they run: starts them, starts them again, stops them, answers on the control socket.
// One thread, poll(2).
#pragma once

#include "svcmgr/config.h"
#include "svcmgr/output.h"

#include "base/error.h"
#include "base/fd.h"

#include <list>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace svcmgr {

class Manager {
public:
  // Takes over the signals of the process. Busy: another one answers on that socket.
  static jails::Result<Manager> create(std::vector<Service> services, const std::string &socket);
  Manager(Manager &&) = default;

  // Until every service has ended for good: by its policy, or after SIGTERM, SIGINT or SIGQUIT.
  jails::Status run();

private:
  enum class State : uint8_t { Stopped, Running, Waiting, Stopping, Ended };
  struct Unit {
    Service service;
    State state = State::Stopped;
    pid_t pid = 0;                     // leader of its session
    bool again = false;                // after it has stopped: a restart was asked for
    uint32_t delay = 0, restarts = 0;  // seconds of the last wait; since we began
    uint64_t since_ms = 0, due_ms = 0; // CLOCK_MONOTONIC: of its state; of SIGKILL, or the next start
    std::string end{};                 // how it ended last
  };

  Manager(std::vector<Service> services, jails::Fd signals, jails::Fd listener, std::string socket);
  void start(Unit &unit);
  void stop(Unit &unit);
  void ended(Unit &unit, int wait_status);
  void reap();
  void stop_all();
  void on_signal();
  void on_time(uint64_t now);
  void on_client();
  [[nodiscard]] std::string answer(const std::vector<std::string> &words);
  [[nodiscard]] std::string status(bool json) const;
  [[nodiscard]] bool over() const;
  [[nodiscard]] int timeout(uint64_t now) const;
  static void say(const Unit &unit, std::string_view text);

  std::vector<Unit> units_;
  std::list<Output> outputs_;
  jails::Fd signals_, listener_;
  std::string socket_;
  bool stopping_ = false;
};

// Says to the manager what to do ("status", "stop web") and returns its answer. NotFound: none runs.
jails::Result<std::string> ask(const std::string &socket, const std::vector<std::string> &words);

} // namespace svcmgr
