#pragma once

#include "stats/collect.h"

#include <span>

namespace jailctl {

// What is unknown is null.
void print_stats_json(std::span<const jails::stats::JailStats> jails);

} // namespace jailctl
