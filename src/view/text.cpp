#include "view/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails::view {

std::string size_text(uint64_t bytes) {
  constexpr std::string_view kUnits = "KMGTPE";
  if (bytes < 1024) return fmt::format("{}", bytes);
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (value /= 1024; value >= 999.5 && unit + 1 < kUnits.size(); value /= 1024) unit++;
  return value < 9.95 && unit > 0 ? fmt::format("{:.1f}{}", value, kUnits[unit])
                                  : fmt::format("{:.0f}{}", value, kUnits[unit]);
}

std::string time_text(uint64_t cpu_ticks) {
  const uint64_t seconds = cpu_ticks / 100, minutes = seconds / 60, hours = minutes / 60;
  if (hours >= 24) return fmt::format("{}d{:02}:{:02}", hours / 24, hours % 24, minutes % 60);
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes % 60, seconds % 60);
  return fmt::format("{}:{:02}.{:02}", minutes, seconds % 60, cpu_ticks % 100);
}

std::string indent(unsigned depth) {
  constexpr unsigned kDeepest = 20; // the rest of the line is what one wants to read
  return depth == 0 ? "" : std::string(std::min(depth - 1, kDeepest) * size_t{4}, ' ') + " \\_ ";
}

std::string_view cut(std::string_view line, size_t columns) {
  for (size_t i = 0; i < line.size(); i++) {
    const bool continued = (static_cast<unsigned char>(line[i]) & 0xc0U) == 0x80U;
    if (!continued && columns-- == 0) return line.substr(0, i);
  }
  return line;
}

} // namespace jails::view
