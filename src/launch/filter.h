// The seccomp filter of a profile and its permissions, compiled from abi/syscall_policy.h. Microseconds, so it is made
// at each start; why not libseccomp: it cannot say "ENOSYS above the newest known number", and compiling `high` with it
// takes milliseconds.
#pragma once

#include "model/ids.h"

#include <linux/filter.h>
#include <vector>

namespace jails::launch {

// What the table refuses with ENOSYS the filter answers itself; every other refusal waits for the supervisor to answer
// it (notify.h), and is ENOSYS where there is none; with the permission seccomp-listener the filter answers everything
// (sj_has_listener). A foreign architecture (int 0x80) gets ENOSYS, x32 too. At most
// BPF_MAXINSNS instructions. permissions: those in force (abi/permissions.h).
// trial: a refused call with this sixth argument gets anchor::kTried from the filter itself, at once. So the anchor can
// try every refusal without a change of process for each, and no other errno can be taken for the filter's. It lifts
// nothing: who learns the number, random and of this start alone, can keep own refusals out of the ledger.
std::vector<sock_filter> compile_filter(Profile profile, uint64_t permissions, uint64_t trial);

} // namespace jails::launch
