// The Landlock domain of a jail.
#pragma once

#include "base/error.h"
#include "base/fd.h"

namespace jails::launch {

// A ruleset for landlock_restrict_self(2). Unsupported below ABI 6 (Linux 6.12).
Result<Fd> make_domain();

} // namespace jails::launch
