// What /proc says of a process: texts to values, pure, and a process held by its directory.
#pragma once

#include "base/fd.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace jails::view {

// proc_pid_stat(5), of it what is shown.
struct Stat {
  std::string program; // comm: at most 15 bytes, chosen by the process
  char state = '?';
  pid_t ppid = 0, group = 0, session = 0;
  uint32_t tty = 0; // device number; 0: none
  pid_t tty_group = 0;
  uint64_t cpu_ticks = 0; // user and system, 1/sysconf(_SC_CLK_TCK) s
  uint32_t threads = 0;
  uint64_t rss_pages = 0;
};
std::optional<Stat> parse_stat(std::string_view text); // nothing: it is not one

std::optional<uint32_t> effective_uid(std::string_view status); // of proc_pid_status(5)
std::string_view v2_path(std::string_view cgroup);              // of /proc/PID/cgroup; empty: none

// "Ssl+" as ps(1) has it: the state, then s (leads its session), l (several threads), + (in the foreground).
std::string state_text(const Stat &stat, pid_t pid);
std::string tty_text(uint32_t device); // "pts/0" (of the jail's own devpts), "tty1", "5:1"; empty: none

// Words and NULs of /proc/PID/cmdline as one printable line; without any, the program's name in brackets.
std::string command_text(std::string_view cmdline, const Stat &stat);

// One process, held by its directory in /proc: its number may be given to another at any time, and then everything
// asked of this one fails. Reading is bounded.
class Held {
public:
  static std::optional<Held> open(int proc, pid_t pid); // nothing: it is gone
  // At most `max` bytes; empty: it is gone, or there is nothing.
  [[nodiscard]] std::string read(const char *name, size_t max = 4096) const;
  [[nodiscard]] int get() const { return dir_.get(); }

private:
  explicit Held(Fd dir) : dir_(std::move(dir)) {}
  Fd dir_;
};

} // namespace jails::view
