// Snapshots as text: the table of `jailctl stats`, tab-separated, and the Prometheus text format. Pure.
#pragma once

#include "secmodel/telemetry.h"

#include <span>
#include <string>

namespace jails::stats {

std::string table(std::span<const JailUsage> jails, bool verbose);
std::string tab_separated(std::span<const JailUsage> jails, bool header);
// Exposition format 0.0.4. The five gauges of the original keep their names and labels; the denials come after them.
std::string prometheus(std::span<const JailUsage> jails);

} // namespace jails::stats
