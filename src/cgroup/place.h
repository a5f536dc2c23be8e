// Which hierarchy of this host holds which limit, and writing it there.
#pragma once

#include "base/error.h"
#include "cgroup/control.h"
#include "cgroup/hierarchy.h"

#include <string>
#include <vector>

namespace jails::cgroup {

struct Placed {
  Setting setting;
  bool v1 = false;
  std::string controller; // as the hierarchy calls it
  std::string hierarchy;  // mount point
};

struct Placement {
  std::vector<Placed> placed;
  std::vector<std::string> warnings; // best effort: what is left out
};

// Finds the devices of limits.io; root: where the jail's is, or will be.
Result<Wanted> find_devices(const Limits &limits, const std::string &root, std::vector<std::string> &warnings);

// Unsupported, naming limit and reason, for what no hierarchy holds; with best effort a warning.
Result<Placement> place(const Hierarchies &where, std::vector<Setting> settings, bool best_effort);

// Makes HIERARCHY/PARENT ready for a child with this limit: controllers enabled, or the directory of a v1 hierarchy.
Status prepare_parent(const Placed &placed, const std::string &parent);

// Writes into HIERARCHY/PARENT/NAME and reads back. System, naming the limit, when the kernel says something else.
Status write_setting(const Placed &placed, const std::string &parent, const std::string &name);

} // namespace jails::cgroup
