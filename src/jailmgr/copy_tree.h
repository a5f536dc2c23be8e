#pragma once

#include "base/error.h"

#include <cstdint>
#include <functional>
#include <string>

namespace jailmgr {

// Copies a directory, file or link: mode, owner, times and file capabilities; devices, sockets and FIFOs are left out.
// Nothing is followed on either side, and a mount below the source is not entered. `to` must not hold the name yet.
// progress is told the number of entries copied so far, now and then; may be empty.
jails::Status copy_tree(int from, const std::string &name, int to, const std::string &as,
                        const std::function<void(uint64_t)> &progress = {});

// The same, for something that may be missing: false then.
jails::Result<bool> copy_if_there(int from, const std::string &name, int to, const std::string &as);

} // namespace jailmgr
