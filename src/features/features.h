// What this kernel can guard, found by trying each thing in a throw-away process and never by version number.
#pragma once

#include <string>
#include <vector>

namespace jails {

struct Feature {
  std::string name;
  std::string purpose;
  bool required = false; // jails do not start without it
  bool works = false;
  std::string detail; // why not; or, where it works, how (may be empty)
};

// Needs root. Leaves nothing behind.
std::vector<Feature> probe_features();

// The table that `jailctl features` prints.
std::string features_table(const std::vector<Feature> &features);

// Names of required ones that do not work.
std::vector<std::string> missing_features(const std::vector<Feature> &features);

} // namespace jails
