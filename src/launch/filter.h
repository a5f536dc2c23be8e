// The seccomp filter of a profile, compiled from abi/syscall_policy.h. Microseconds, so it is made at each start; why
// not libseccomp: it cannot say "ENOSYS above the newest known number", and compiling `high` with it takes
// milliseconds.
#pragma once

#include "model/ids.h"

#include <linux/filter.h>
#include <vector>

namespace jails::launch {

// What the table refuses with ENOSYS the filter answers itself; every other refusal waits for the supervisor to answer
// it (notify.h), and is ENOSYS where there is none. A foreign architecture (int 0x80) gets ENOSYS, x32 too. At most
// BPF_MAXINSNS instructions.
std::vector<sock_filter> compile_filter(Profile profile);

} // namespace jails::launch
