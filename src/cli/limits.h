// What both tools say of limits.
#pragma once

#include "cli/program.h"
#include "jail/limits.h"

#include <string>
#include <vector>

namespace jails::cli {

// "PROGRAM: warning: TEXT" on standard error, each.
void print_warnings(const Call &call, const std::vector<std::string> &warnings);

// Before a jail is made or started: warns of limits that never bite, and of those that best effort leaves out. Refuses
// what this host cannot hold. root: where the jail's is, or will be.
Status check_limits_of_host(const Call &call, const Limits &limits, const std::string &root);

// Limits of a registered jail: says what will happen, does it, has a process of ours feel what can be felt, and says
// what was found.
Status change_registered(const Call &call, const JailRow &row, std::span<const std::string_view> words,
                         const NameLock &lock);

} // namespace jails::cli
