#pragma once

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fmt/format.h>
#include <string>
#include <unistd.h>

namespace jailmgr {

// A line that is written over, once the copy has lasted for two seconds, for a person who waits.
class Progress {
public:
  explicit Progress(std::string what) : what_(std::move(what)) {}
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;
  ~Progress() {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
  }
  void operator()(uint64_t count) {
    if (isatty(STDERR_FILENO) == 0 || time(nullptr) - begun_ < 2) return;
    fmt::print(stderr, "\rcopying {}: {} files", what_, count);
    shown_ = true;
  }

private:
  std::string what_;
  time_t begun_ = time(nullptr);
  bool shown_ = false;
};

} // namespace jailmgr
