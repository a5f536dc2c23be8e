// When to start the workload again: 1, 2, 4, 8, 10, 10, ... seconds; a run of 30 s or more begins at 1 again (as in the
// original's supervise).
#pragma once

#include "model/spec.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace jails::supervise {

class BackOff {
public:
  // The workload ended after ran_ms; failed: exit status not 0, or a signal. Seconds to wait, nothing: do not restart.
  std::optional<uint32_t> next(RestartPolicy policy, bool failed, uint64_t ran_ms) {
    if (policy == RestartPolicy::Never || (policy == RestartPolicy::OnFailure && !failed)) return std::nullopt;
    if (ran_ms >= 30000) delay_ = 0;
    delay_ = delay_ == 0 ? 1 : std::min<uint32_t>(delay_ * 2, 10);
    return delay_;
  }

private:
  uint32_t delay_ = 0;
};

} // namespace jails::supervise
