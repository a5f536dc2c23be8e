// How much of what a jail writes goes on to the host's log daemon: a bucket of lines and one of bytes, each holding
// five seconds' worth. An empty one closes the way for a second at least, so that what is held back is counted and told
// in one line, not in one for each line that still gets through.
#pragma once

#include "supervise/state.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace jails::supervise {

class LogRate {
public:
  // Of each a second; 0: no limit.
  LogRate(uint64_t lines, uint64_t bytes)
      : line_rate_(static_cast<double>(lines)), byte_rate_(static_cast<double>(bytes)), lines_(line_rate_ * kBurst),
        bytes_(byte_rate_ * kBurst) {}

  // May this line pass? A longer one than there is room for does, and the next ones wait for it.
  bool take(uint64_t size) {
    if (!closed_ && (line_rate_ == 0 || lines_ >= 1) && (byte_rate_ == 0 || bytes_ > 0)) {
      lines_ -= 1;
      bytes_ -= static_cast<double>(size);
      return true;
    }
    if (!closed_) closed_ms_ = now_ms_;
    closed_ = true;
    held_++;
    return false;
  }

  struct Held {
    uint64_t lines, ms;
  };
  // now_ms: CLOCK_MONOTONIC. What was held back, once the way is open again.
  std::optional<Held> advance(uint64_t now_ms) {
    if (now_ms_ != 0) {
      const double seconds = static_cast<double>(now_ms - now_ms_) / 1000;
      lines_ = std::min(lines_ + line_rate_ * seconds, line_rate_ * kBurst);
      bytes_ = std::min(bytes_ + byte_rate_ * seconds, byte_rate_ * kBurst);
    }
    now_ms_ = now_ms;
    if (!closed_ || now_ms - closed_ms_ < 1000 || (line_rate_ != 0 && lines_ < 1) || (byte_rate_ != 0 && bytes_ <= 0))
      return std::nullopt;
    return held();
  }
  // The same at the end, however short ago.
  std::optional<Held> held() {
    if (!closed_) return std::nullopt;
    closed_ = false;
    const Held told{.lines = held_, .ms = now_ms_ - closed_ms_};
    held_ = 0;
    return told;
  }

  // For who goes on with it, at the same rates.
  [[nodiscard]] RateState save() const {
    return {
        .lines = lines_, .bytes = bytes_, .closed = closed_, .now_ms = now_ms_, .closed_ms = closed_ms_, .held = held_};
  }
  void restore(const RateState &state) {
    lines_ = std::min(state.lines, line_rate_ * kBurst);
    bytes_ = std::min(state.bytes, byte_rate_ * kBurst);
    closed_ = state.closed;
    now_ms_ = state.now_ms;
    closed_ms_ = state.closed_ms;
    held_ = state.held;
  }

private:
  static constexpr double kBurst = 5;
  double line_rate_, byte_rate_;
  double lines_, bytes_;
  bool closed_ = false;
  uint64_t now_ms_ = 0, closed_ms_ = 0, held_ = 0;
};

} // namespace jails::supervise
