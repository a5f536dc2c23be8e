// One process that the anchor was asked to spawn: the workload, or the command of a `jailctl exec`.
#pragma once

#include "base/fd.h"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace jails::supervise {

struct Session {
  uint32_t id = 0;
  Fd client;                         // connection that asked, for the reply; invalid: the workload
  int client_key = -1;               // its number among the supervisor's clients; -1: nobody waits (any more)
  std::optional<uint32_t> host_user; // who asked, if not root
  Fd status;                         // read end: what kept it from its program
  pid_t pid = 0;                     // 0 until the anchor has answered
  uint64_t asked_ms = 0;             // CLOCK_MONOTONIC, when the anchor was asked
  std::string failure;               // what the status pipe said
  std::string program, directory;    // for the message when it fails
  std::vector<int> signals;          // asked for before the pid was known
  bool probe = false;                // of `jailctl verify`, which means to be refused
};

// What became of a session.
struct Ending {
  int wait_status = 0; // as waitpid(2) gives it
  std::string failure; // not empty: it never got to its program, and why
};

} // namespace jails::supervise
