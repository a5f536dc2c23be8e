// Snapshots as text: the table of `jailctl stats`, everything line by line, tab-separated, and for Prometheus. Pure.
#pragma once

#include "stats/collect.h"

#include <cstdint>
#include <span>
#include <string>

namespace jails::stats {

// The columns of the original.
std::string table(std::span<const JailUsage> jails);
// Every field with what it means, jail by jail.
std::string verbose(std::span<const JailStats> jails);
std::string tab_separated(std::span<const JailStats> jails, bool header);

enum class Exposition : uint8_t { Text, OpenMetrics };
// Text: exposition format 0.0.4. The five gauges of the original are as they were there; the rest comes after them.
// OpenMetrics: version 1.0.0, family by family. What is unknown has no line.
std::string prometheus(std::span<const JailStats> jails, Exposition how);

} // namespace jails::stats
