#pragma once

#include "base/error.h"
#include "model/instance.h"
#include "secmodel/tables.h"

#include <string_view>

namespace jails::cli {

// Processes of a registered jail, without its anchor; 0 where it has no cgroup.
Result<size_t> count_members(const Instance &instance, const JailRow &row);

// "down", "up" or "frozen", for a jail with that many members, the anchor included; to root also "failed" and
// "unhealthy", which stand in files that are closed to others. Any user may ask.
std::string_view list_state(const Instance &instance, const JailRow &row, uint64_t references);

// Seconds since it was registered, time in suspend included.
uint64_t age_seconds(const JailRow &row);

} // namespace jails::cli
