// What the kernel's controllers have counted for one jail. Each figure is absent where the kernel does not count it: no
// such controller, or not joined by this jail (group.h), or no pressure information.
#pragma once

#include "cgroup/control.h"
#include "cgroup/group.h"

#include <cstdint>
#include <optional>

namespace jails::cgroup {

struct Pressure {
  std::optional<Stall> some, full; // some: at least one task waited; full: all of them
};

struct Figures {
  std::optional<uint64_t> memory_bytes, memory_peak_bytes, memory_limit_bytes; // no limit: absent
  std::optional<uint64_t> oom_kills;                                           // since the cgroup was made
  std::optional<uint64_t> throttled_ns;                                        // CPU time it had to wait for its limit
  std::optional<uint64_t> read_bytes, written_bytes, reads, writes;            // of disks, over all devices
  Pressure cpu, memory, io;
};

Figures read_figures(const Group &group);

// The one that a supervisor keeps before the cgroup goes. Absent: the kernel does not count it.
std::optional<uint64_t> oom_kills(const Group &group);

} // namespace jails::cgroup
