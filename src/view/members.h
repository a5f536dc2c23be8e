// Who is in a jail, as the host's cgroups and /proc have it.
#pragma once

#include "base/error.h"
#include "model/instance.h"
#include "secmodel/tables.h"
#include "view/proc.h"

#include <optional>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

namespace jails::view {

struct Members {
  JailRow row;
  std::string cgroup;        // as /proc/PID/cgroup names it: "/jail/web"
  std::vector<uint64_t> ids; // of its v2 cgroup and those below; none: the jail is down
  std::vector<pid_t> pids;   // processes in them, the anchor included; zombies are not among them
  pid_t supervisor = 0;      // that lives; 0: none

  // Is a process with this text in /proc/PID/cgroup one of them?
  [[nodiscard]] bool has(std::string_view proc_cgroup) const;
};

// In the order of `rows`. What ends meanwhile is left out.
Result<std::vector<Members>> members_of(const Instance &instance, std::span<const JailRow> rows);

// The process, if it is one of `jail` still.
std::optional<Held> hold_member(int proc, const Members &jail, pid_t pid);

Result<Fd> open_proc();

} // namespace jails::view
