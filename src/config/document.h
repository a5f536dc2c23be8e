// A TOML text as plain values that know their lines. Keeps the TOML library out of every other file: its headers take
// seconds to compile.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace jails {

struct TomlEntry;
struct TomlValue;
using TomlTable = std::vector<TomlEntry>; // in the order of the file
using TomlArray = std::vector<TomlValue>;
struct TomlOther {}; // a date or a time: nothing here has one

// Tables of several files become one, so a line carries the number of its file (Diagnostics::add_file()) above it: 0
// is the file that was asked for. Who reads keys hands lines on without looking into them.
inline constexpr uint32_t kLineBits = 22; // a file has at most 1 MiB
inline constexpr uint32_t kSourcesMax = 1U << (32 - kLineBits);
inline uint32_t line_in(uint32_t source, uint32_t line) { return (source << kLineBits) | line; }

struct TomlValue {
  std::variant<TomlOther, bool, int64_t, double, std::string, TomlArray, TomlTable> data;
  uint32_t line = 0; // from 1, and its file
};

struct TomlEntry {
  std::string key;
  uint32_t line = 0; // of the key, and its file
  TomlValue value;
};

// Malformed "FILE:LINE: ..." on a syntax error or a text that is not UTF-8. source: the file's number, see above.
Result<TomlTable> parse_toml(std::string_view text, std::string_view file, uint32_t source = 0);

std::string toml_string(std::string_view text); // a basic string with its quotes, on one line

} // namespace jails
