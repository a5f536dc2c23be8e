// A jail's limits as the kernel has them, and what is used of each.
#pragma once

#include "base/error.h"
#include "cgroup/group.h"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace jails::cgroup {

struct LimitUse {
  std::string limit;      // as in LimitKey
  std::string configured; // as limit_words() has it; empty: none
  std::string active;     // in the kernel now, in the unit of `configured` where that is possible; empty: none
  std::optional<double> current, peak;
  std::optional<uint64_t> hits; // how often it was reached: refused forks, reclaims, throttled periods, kills
  std::string by;               // who holds it: "cgroup v1 memory", "each process", "supervisor"; empty: nobody
};

// Measures CPU use for 100 ms. anchor: whose limit of open files every process of the jail inherits.
std::vector<LimitUse> limit_uses(const Group &group, const Limits &limits, const std::string &root, pid_t anchor);

// How often limits were reached since the group was made. 0 where the kernel does not count.
struct LimitHits {
  uint64_t oom_kills = 0; // processes that the kernel killed for want of memory, the host's too
  uint64_t forks = 0;     // refused by the limit of processes

  friend bool operator==(const LimitHits &, const LimitHits &) = default;
};
LimitHits limit_hits(const Group &group);

// Current use, for what a lower limit would do. Absent: the kernel does not count it for this jail.
std::optional<uint64_t> memory_use(const Group &group);

} // namespace jails::cgroup
