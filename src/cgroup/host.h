// Can this host hold these limits? Looks, and changes nothing.
#pragma once

#include "base/error.h"
#include "cgroup/hierarchy.h"
#include "model/limits.h"

#include <string>
#include <vector>

namespace jails::cgroup {

// Warnings: limits above what the host has, and what best effort leaves out. Unsupported: a limit without its
// controller. Usage: a CPU or a device that is not there.
Result<std::vector<std::string>> check_host(const Hierarchies &where, const Limits &limits, const std::string &root);
// The same with the host's own hierarchies; nothing is read when nothing is limited.
Result<std::vector<std::string>> check_host(const Limits &limits, const std::string &root);

} // namespace jails::cgroup
