// In which order jails come up that need one another. Names only: what they are is the caller's.
#pragma once

#include "base/error.h"

#include <map>
#include <string>
#include <vector>

namespace jails {

using Needs = std::map<std::string, std::vector<std::string>>; // name -> the names that come before it

// `names`, then everything else that they need, directly or not. NotFound "jail web depends on jail db, and there is
// none".
Result<std::vector<std::string>> with_needs(const Needs &needs, std::vector<std::string> names);

// Who needs whom, turned round: for a stop.
Needs reversed(const Needs &needs);

// `names`, each after all that it needs (needs outside `names` do not count), otherwise as they come.
// Malformed "jails need each other: db -> web -> db".
Result<std::vector<std::string>> in_order(const Needs &needs, const std::vector<std::string> &names);

} // namespace jails
