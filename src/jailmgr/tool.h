#pragma once

#include "base/error.h"

#include <string>
#include <vector>

namespace jailmgr {

// Runs a program of the host and waits for it: no shell, an empty environment but PATH, nothing to read. An exit status
// above `good` is an error with the last line that it wrote.
jails::Status run_tool(const std::vector<std::string> &argv, int good = 0);

} // namespace jailmgr
