// Another version of jail-supervisor in the place of the one that runs.
#pragma once

#include "base/error.h"
#include "jail/registry.h"
#include "model/instance.h"

namespace jails {

enum class Upgrade {
  Done,
  Same, // it is the program of this installation already
};

// Has a running jail's supervisor execute jail-supervisor of this installation; the jail, its pids, its output and what
// is carried out for `exec` go on. Waits some seconds for a jail that is just starting, or does what the supervisor has
// to see through itself (a recovery command, a command on the host); Busy, then. NotFound: it does not run. With every
// other failure the supervisor that was there goes on, unless the text says otherwise.
Result<Upgrade> upgrade_supervisor(const Instance &instance, const JailName &name, const NameLock &);

} // namespace jails
