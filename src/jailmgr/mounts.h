#pragma once

#include "base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace jailmgr {

// Mount points of this mount namespace at or below a directory, in the order of the mount table.
jails::Result<std::vector<std::string>> mounts_below(std::string_view directory);

// Busy "NOUN: PATH is mounted there; unmount it first" when there are any: removing the tree would reach into them.
jails::Status check_no_mounts(std::string_view noun, std::string_view directory);

} // namespace jailmgr
