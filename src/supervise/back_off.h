// When to start the workload again, and when to give it up: the delays of back_off_seconds(), beginning anew after a
// run of 30 s or more; the limit of Restart within its window.
#pragma once

#include "model/restart.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace jails::supervise {

class BackOff {
public:
  struct Next {
    std::optional<uint32_t> seconds; // to wait; nothing: do not restart
    bool gave_up = false;            // because it ended too often
  };
  // The workload ended after ran_ms; failed: exit status not 0, or a signal. now_ms: CLOCK_MONOTONIC.
  Next next(const Restart &rules, bool failed, uint64_t ran_ms, uint64_t now_ms) {
    constexpr uint64_t kLongRunMs = 30000;
    if (rules.policy == RestartPolicy::Never || (rules.policy == RestartPolicy::OnFailure && !failed)) return {};
    if (rules.limit != 0) {
      std::erase_if(restarts_ms_, [&](uint64_t at) { return at + rules.window_ms < now_ms; });
      if (restarts_ms_.size() >= rules.limit) return {.seconds = {}, .gave_up = true};
    }
    if (ran_ms >= kLongRunMs) seconds_ = 0;
    seconds_ = back_off_seconds(seconds_);
    if (rules.limit != 0) restarts_ms_.push_back(now_ms + seconds_ * 1000ULL);
    return {.seconds = seconds_, .gave_up = false};
  }

  // For who goes on with it.
  [[nodiscard]] uint32_t seconds() const { return seconds_; }
  [[nodiscard]] const std::vector<uint64_t> &restarts_ms() const { return restarts_ms_; }
  void restore(uint32_t seconds, std::vector<uint64_t> restarts_ms) {
    seconds_ = seconds;
    restarts_ms_ = std::move(restarts_ms);
  }

private:
  uint32_t seconds_ = 0;
  std::vector<uint64_t> restarts_ms_; // of the window, only with a limit
};

} // namespace jails::supervise
