// A process of ours in a jail's cgroups for a moment: are its limits felt there? Only what takes nothing from the jail
// is tried: its CPUs, its CPU time where that is less than one CPU, the buffer of a socket.
#pragma once

#include "base/error.h"
#include "cgroup/group.h"

#include <string>
#include <vector>

namespace jails::cgroup {

// One line for each limit that was tried: "cpus: a process of the jail runs on 0-1". System: a limit is set and not
// felt. The caller has one thread. Takes at most two periods of the CPU quota and a bit.
Result<std::vector<std::string>> exercise(const Group &group, const Limits &limits);

} // namespace jails::cgroup
