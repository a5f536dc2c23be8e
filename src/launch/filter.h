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
// number: random, of this launch alone, known to the anchor. A refused call with it as sixth argument gets
// anchor::kTried from the filter itself, at once: so the anchor can try every refusal without a change of process for
// each, and no other errno can be taken for the filter's. One refusal it lifts, sj_is_anchors(). So who learns it, by
// owning the anchor, can keep refusals out of the ledger and make children of the supervisor.
std::vector<sock_filter> compile_filter(Profile profile, uint64_t permissions, uint64_t number);

} // namespace jails::launch
