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

struct TomlValue {
  std::variant<TomlOther, bool, int64_t, double, std::string, TomlArray, TomlTable> data;
  uint32_t line = 0; // from 1
};

struct TomlEntry {
  std::string key;
  uint32_t line = 0; // of the key
  TomlValue value;
};

// Malformed "FILE:LINE: ..." on a syntax error or a text that is not UTF-8.
Result<TomlTable> parse_toml(std::string_view text, std::string_view file);

std::string toml_string(std::string_view text); // a basic string with its quotes, on one line

} // namespace jails
