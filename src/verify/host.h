// What of a jail can be seen from the host, whatever the jail does.
#pragma once

#include "verify/trial.h"

#include <set>
#include <vector>

namespace jails::verify {

// Host pids in the jail's v2 cgroup.
Result<std::set<pid_t>> members_of(const Subject &subject);

// A row for each: guards attached, membership, threads' guards, namespaces, mounts, the anchor.
std::vector<Row> host_rows(const Subject &subject);

} // namespace jails::verify
