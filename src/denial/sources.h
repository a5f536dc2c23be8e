// Where denials are told, and where they are not.
#pragma once

#include "abi/secmodel_jail.h"

#include <optional>
#include <string>
#include <vector>

namespace jails::denial {

struct Source {
  const char *name;   // "bpf", "seccomp", "landlock"
  const char *covers; // what it tells of
  bool active;
  std::string detail; // why not, or what it rests on
  std::string gaps{}; // active, and yet not all: what was missed
};

// What is known of one jail.
struct LandlockAudit {
  bool asked = false; // landlock = "audit", when it was started
  sj_denied_landlock counts{};
};
// Without a jail: of what this host could tell.
std::vector<Source> sources(const std::optional<LandlockAudit> &jail);

} // namespace jails::denial
