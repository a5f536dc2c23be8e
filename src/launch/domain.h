// The Landlock domain of a jail.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cstdint>

namespace jails::launch {

struct Domain {
  Fd ruleset;
  uint32_t flags = 0; // for landlock_restrict_self(2), which takes both
};

// root: the directory that becomes the root; below it files may be renamed and linked from one directory into another.
// told: what is refused to programs of the jail goes into the host's audit log, where the kernel can (ABI 7, Linux
// 6.15); what domains refuse that they make themselves never does, there. Unsupported below ABI 6 (Linux 6.12).
Result<Domain> make_domain(int root, bool told = false);

} // namespace jails::launch
