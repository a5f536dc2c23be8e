// The single probes behind features.h: each tries one thing and says what happened.
#pragma once

#include "base/error.h"
#include "cgroup/hierarchy.h"

#include <string>

namespace jails::probes {

// Text: how it works here (may be empty).
using Found = Result<std::string>;

Found cgroup_kill(const cgroup::Hierarchies &where); // kills a process cloned into a scratch cgroup
Found controller(const cgroup::Hierarchies &where, const char *name);
Found landlock_signals();  // a scoped process cannot signal its parent, its control can
Found landlock_abstract(); // a scoped process cannot connect to an abstract socket made outside
Found landlock_mounts();   // a process whose domain handles MAKE_CHAR cannot mount
Found proc_hidepid();      // a scoped process does not find its parent in a /proc with hidepid=ptraceable
Found mount_api();         // fsopen, open_tree, mount_setattr, move_mount
Found seccomp_filter();
Found seccomp_notify(); // a call waits for another process to answer it
Found namespaces();     // mount, IPC, UTS, cgroup
Found overlay();

} // namespace jails::probes
