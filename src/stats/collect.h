// All that is known of what a jail uses: the tables' counters, and those of its cgroups.
#pragma once

#include "base/error.h"
#include "cgroup/figures.h"
#include "secmodel/telemetry.h"

#include <optional>
#include <vector>

namespace jails::stats {

struct JailStats {
  JailUsage usage;
  cgroup::Figures figures;
  std::optional<uint64_t> dropped_in, dropped_out; // packets, by the jail's network rate; absent: it has none

  // Its anchor is there.
  [[nodiscard]] bool running() const { return usage.references > usage.processes; }
  // In all the cgroups that it had. Absent: nobody counts.
  [[nodiscard]] std::optional<uint64_t> oom_kills() const;
  [[nodiscard]] uint64_t denials() const;
};

// One pass over the tasks for all of `usage` is behind us; a jail that runs costs a dozen small files more. One that
// ends meanwhile has no figures.
Result<std::vector<JailStats>> collect(const Instance &instance, std::vector<JailUsage> usage);

} // namespace jails::stats
