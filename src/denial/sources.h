// Where denials are told, and where they are not.
#pragma once

#include <string>
#include <vector>

namespace jails::denial {

struct Source {
  const char *name;   // "bpf", "seccomp", "landlock"
  const char *covers; // what it tells of
  bool active;
  std::string detail; // why not, or what it rests on
};
std::vector<Source> sources();

} // namespace jails::denial
