#pragma once

#include "base/error.h"

#include <cstdint>
#include <functional>
#include <string>

namespace jails::sys {

enum class Special : uint8_t { LeaveOut, Copy }; // devices, sockets and FIFOs

// Copies a directory of any depth, a file or a link: content with its holes, hard links among what is copied, mode,
// owner, times, ACLs, file capabilities and other extended attributes, but for labels of a security module. Blocks are
// shared where the file system can. Nothing is followed on either side, and a mount below the source is not entered.
// `to` must not hold the name yet, and nobody else changes it meanwhile; nor does anybody move directories of the
// source. A file with several names becomes several where the path of the first is too long for link(2). Names in an
// error are printable. progress is told the number of entries copied so far, now and then; may be empty.
Status copy_tree(int from, const std::string &name, int to, const std::string &as,
                 const std::function<void(uint64_t)> &progress = {}, Special special = Special::LeaveOut);

// The same with what is in the directory `from`, into `to`, an empty one, which becomes like it.
Status copy_content(int from, int to, Special special);

// copy_tree() for something that may be missing: false then.
Result<bool> copy_if_there(int from, const std::string &name, int to, const std::string &as);

} // namespace jails::sys
