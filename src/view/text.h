// Figures and lines for people. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace jails::view {

std::string size_text(uint64_t bytes);     // "512", "12K", "1.5M", "20G": at most five characters
std::string time_text(uint64_t cpu_ticks); // of 1/100 s: "0:05.21", "12:05.00", "3:10:05" (hours), "2d03:10"
std::string indent(unsigned depth);        // " \_ " before a child; not ever deeper
std::string_view cut(std::string_view line, size_t columns); // at a whole character (UTF-8), each one column

} // namespace jails::view
