// Parsing and text helpers. No function here throws; a number is the whole token or Malformed.
#pragma once

#include "base/error.h"

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

// Whole token, decimal, no sign for unsigned types, no blanks.
template <std::integral T> std::optional<T> parse_int(std::string_view text) {
  T value{};
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// "512", "64K", "512M", "2G", "1T" (1024-based; "10B", "4KB" and "4KiB" as well). Malformed or overflow is Usage.
Result<uint64_t> parse_size(std::string_view text);
std::string size_text(uint64_t bytes); // in the largest unit that divides it, so that it reads back as it is

std::vector<std::string_view> split(std::string_view text, char separator); // keeps empty fields
std::string_view trim(std::string_view text);

// Printable form of untrusted bytes: control characters, DEL, C1, bidi controls and invalid UTF-8 become \xNN. Quotes
// and backslashes are left alone.
std::string printable(std::string_view bytes);

// printable(), and reversible: a backslash before an `x` becomes \x5c as well. Writes at most kMaxEscape bytes for each
// of the input's and returns how many.
inline constexpr size_t kMaxEscape = 4;
size_t escape_to(char *to, std::string_view bytes);
std::string unescape(std::string_view text); // what was escaped; a backslash of no escape stands for itself

// A field of mountinfo, which has blank, tab, newline and backslash as \ooo (proc_pid_mountinfo(5)).
std::string unescape_octal(std::string_view field);

// Seconds from "90", "90s", "10m", "2h", "7d", "1w". Usage for anything else.
Result<uint64_t> parse_duration(std::string_view text);
std::string duration_text(uint64_t seconds); // in the largest unit that divides it, as parse_duration() takes it

// printable() in single quotes for an error text, cut after 64 characters or so: 'like th...'
std::string in_quotes(std::string_view bytes);

bool valid_utf8(std::string_view bytes);

// Insertions, deletions, replacements and swaps of neighbours from a to b.
size_t edit_distance(std::string_view a, std::string_view b);

// The nearest of `known` by spelling, what `word` may have meant; empty if none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

// Splits a command line by the quoting rules of sh(1): blanks separate, '...' literal, "..." with \" \\ \$ \`,
// backslash outside quotes, backslash and newline joining lines. No expansion of any kind. An open quote or a trailing
// backslash is Usage.
Result<std::vector<std::string>> split_command(std::string_view line);

} // namespace jails
