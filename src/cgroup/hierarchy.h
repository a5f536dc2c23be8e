// Where this host's cgroup hierarchies are: v2 for membership and BPF, and each controller on v2 or v1, whichever has
// it.
#pragma once

#include "base/error.h"

#include <map>
#include <string>

namespace jails::cgroup {

struct Hierarchies {
  std::string v2;                        // mount point of cgroup2; always there
  std::map<std::string, std::string> v1; // controller -> mount point of its v1 hierarchy

  // From /proc/self/mountinfo. Unsupported when no cgroup2 is mounted.
  static Result<Hierarchies> discover();
  // The same from a text (tests, fuzzing).
  static Result<Hierarchies> parse(std::string_view mountinfo);
};

} // namespace jails::cgroup
