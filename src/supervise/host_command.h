// Commands that the administrator configured to be run on the host, as root, beside a jail: without a shell, with an
// environment, signals and streams of their own, in a session of their own, and killed when they take too long. They
// are children of the supervisor like the jail's processes, so whoever reaps asks ended() first, and no pid of theirs
// may pass for one of the jail's.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "supervise/event_loop.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace jails::supervise {

class HostCommands {
public:
  explicit HostCommands(EventLoop &loop) : loop_(loop) {}
  HostCommands(const HostCommands &) = delete;
  HostCommands &operator=(const HostCommands &) = delete;
  ~HostCommands(); // what still runs goes on, without a time-out

  struct Command {
    std::vector<std::string> argv;        // argv[0]: an absolute path
    std::vector<std::string> environment; // and PATH, nothing else
    uint32_t timeout_ms = 0;
    // wait_status as waitpid(2) gives it; late: it was killed for its time.
    std::move_only_function<void(int wait_status, bool late)> on_end;
  };
  // Busy: kMost run already. Returns when it is executed, or with what kept it from that.
  Status start(Command command);

  static constexpr size_t kMost = 4;
  [[nodiscard]] bool idle() const { return running_.empty(); }
  [[nodiscard]] bool owns(pid_t pid) const;
  // Has one ever run? What it left behind is a child of this process by now (PR_SET_CHILD_SUBREAPER), and not known.
  [[nodiscard]] bool ran_any() const { return ran_any_; }
  void assume_any() { ran_any_ = true; }
  bool ended(pid_t pid, int wait_status); // false: none of these
  void reap();                            // those that have ended, where nobody else reaps
  // A child that somebody else looks after; what reaps first, this or he, makes no difference.
  void add_child(pid_t pid) {
    children_.push_back(pid);
    ran_any_ = true;
  }
  void forget_child(pid_t pid) { std::erase(children_, pid); }

private:
  struct Running {
    pid_t pid = 0;
    Fd timer;
    bool late = false;
    std::move_only_function<void(int, bool)> on_end;
  };
  EventLoop &loop_;
  std::vector<std::unique_ptr<Running>> running_;
  std::vector<pid_t> children_;
  bool ran_any_ = false;
};

// A program that the host runs as root: who can write to it could do what root can. Denied, with what is wrong.
Status check_program_file(const std::string &program);

// As execve(2) wants them; the texts stay where they are.
std::vector<char *> exec_pointers(const std::vector<std::string> &texts);

// The environment that tells a command of the host which jail it is about: JAIL_NAME, JAIL_ID, JAIL_ROOT, and
// JAIL_INSTANCE where it is not the machine's own, so that the tools mean the same jail.
std::vector<std::string> jail_environment(std::string_view instance, std::string_view name, uint32_t jid,
                                          std::string_view root);

} // namespace jails::supervise
