// Points in time as an operator writes them.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <string_view>

namespace jails::log {

// Milliseconds since 1970 from "10m" (that long before now), "now", "12:30", "2026-11-22", "2026-11-22 12:30:15" (also
// with a T between; local time) or "2026-11-22T12:30:15Z" (UTC, fractions allowed). Usage for anything else.
Result<int64_t> parse_when(std::string_view text, int64_t now_ms);

} // namespace jails::log
