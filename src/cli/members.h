#pragma once

#include "base/error.h"
#include "model/instance.h"
#include "secmodel/tables.h"

namespace jails::cli {

// Processes of a registered jail, without its anchor; 0 where it has no cgroup.
Result<size_t> count_members(const Instance &instance, const JailRow &row);

// Seconds since it was registered, time in suspend included.
uint64_t age_seconds(const JailRow &row);

} // namespace jails::cli
