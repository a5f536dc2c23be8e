// What top does to a jail, it does by jailctl and jailmgr: their checks, locks and errors are the same as by hand.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "top/list.h"

#include <csignal>
#include <string>
#include <sys/types.h>
#include <vector>

namespace jails::top {

enum class Act : uint8_t { Start, Stop, Freeze, Thaw };

// The command for it, without the directory: {"jailmgr", "start", "web"}. Usage: that cannot be done with this jail.
Result<std::vector<std::string>> command_for(Act act, const Line &line);

// A command under way. Its output is kept; the terminal is not its.
class Running {
public:
  static Result<Running> start(std::vector<std::string> command);
  Running(Running &&) = default;
  Running &operator=(Running &&) = default;

  [[nodiscard]] int fd() const { return output_.get(); } // readable when there is something to take()
  // True when it has ended: result() then says how.
  bool take();
  [[nodiscard]] const std::string &result() const { return result_; } // one line
  [[nodiscard]] const std::string &title() const { return title_; }   // "jailmgr start web"

private:
  Running() = default;
  Fd output_;
  pid_t pid_ = 0;
  std::string title_, text_, result_;
};

// `jailctl exec NAME` on this terminal, until it ends; its exit status. When a handler sets `ended`, it is told to end.
Result<int> exec_shell(const std::string &name, const volatile sig_atomic_t &ended);

} // namespace jails::top
