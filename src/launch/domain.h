// The Landlock domain of a jail.
#pragma once

#include "base/error.h"
#include "base/fd.h"

namespace jails::launch {

// A ruleset for landlock_restrict_self(2). root: the directory that becomes the root; below it files may be renamed and
// linked from one directory into another. Unsupported below ABI 6 (Linux 6.12).
Result<Fd> make_domain(int root);

} // namespace jails::launch
