// What a profile with its permissions comes to, as lines that people and programs can read: made from the tables that
// the filter and the capability sets are made from.
#pragma once

#include "model/permissions.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

// Names of a capability set, without "CAP_", in the order of their numbers.
std::vector<std::string> capability_names(uint64_t set);

// What the jail's root holds; has_low_port: a port below 1024 is reserved.
uint64_t capabilities_of(Profile profile, PermissionSet in_force, bool has_low_port);

std::string_view syscall_name(uint32_t nr); // "-" for a number without a call

// One answer of the filter. Lines of one number are in the order in which they are tried; the last has no condition.
struct SyscallLine {
  uint32_t nr = 0;
  std::string_view name;
  std::string_view answer;     // "allow", or the name of an errno
  std::string when;            // "arg0 & 0x7e020000 != 0", joined by " and "; empty: always
  std::string_view permission; // by which the line would go or came; empty: none
};

// For every known number, by number. Numbers above the last one give ENOSYS.
std::vector<SyscallLine> syscall_lines(Profile profile, PermissionSet in_force);

} // namespace jails
