// The files of one controller and one jail, on whichever hierarchy has it; for the sources of this folder.
#pragma once

#include "cgroup/group.h"

#include <optional>
#include <string>

namespace jails::cgroup {

constexpr size_t kMaxText = 1U << 20U;

// Reading what is not there gives an empty text, and no value.
struct Files {
  std::string dir; // empty: no hierarchy has this controller for this jail
  bool v1 = false;
  std::string by; // "cgroup v1 memory"

  // probe: a file that a v2 cgroup has where the controller is enabled.
  Files(const Group &group, const char *v2_name, const char *v1_name, const char *probe);

  // nullptr: this kind of hierarchy has no such file.
  [[nodiscard]] std::string text(const char *on_v1, const char *on_v2) const;
  [[nodiscard]] std::optional<uint64_t> value(const char *on_v1, const char *on_v2) const;
};

} // namespace jails::cgroup
