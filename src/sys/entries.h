#pragma once

#include "base/error.h"

#include <dirent.h>
#include <memory>
#include <string>

namespace jails::sys {

// A directory as a stream of entries, for readdir(3) and dirfd(3); no link is followed.
using Entries = std::unique_ptr<DIR, int (*)(DIR *)>;
Result<Entries> entries_of(int at, const std::string &name);

} // namespace jails::sys
