#pragma once

#include "base/error.h"

#include <cstdint>
#include <functional>
#include <string>

namespace jailmgr {

enum class Special : uint8_t { LeaveOut, Copy }; // devices, sockets and FIFOs

// Copies a directory, file or link: content with its holes, hard links among what is copied, mode, owner, times, ACLs,
// file capabilities and other extended attributes, but for labels of a security module. Blocks are shared where the
// file system can. Nothing is followed on either side, and a mount below the source is not entered. `to` must not hold
// the name yet, and nobody else changes it meanwhile. Names in an error are printable.
// progress is told the number of entries copied so far, now and then; may be empty.
jails::Status copy_tree(int from, const std::string &name, int to, const std::string &as,
                        const std::function<void(uint64_t)> &progress = {}, Special special = Special::LeaveOut);

// The same, for something that may be missing: false then.
jails::Result<bool> copy_if_there(int from, const std::string &name, int to, const std::string &as);

} // namespace jailmgr
