// What a jail.toml is put together from: itself, the files that it includes, [defaults] and [variables] of
// jailmgr.toml. Later ones win, key by key: [defaults], included files in their order, the file itself.
#pragma once

#include "config/document.h"
#include "config/reader.h"
#include "model/ids.h"

#include <functional>
#include <string>
#include <string_view>

namespace jails {

// What jails have in common.
struct Common {
  TomlTable defaults{}, variables{};
  std::string file{};      // where they are from, as diagnostics call it
  std::string directory{}; // where files that are included lie
  // The text of one, by its path below `directory`. Empty: nothing can be included.
  std::function<Result<std::string>(const std::string &path)> read_include{};
};

// [defaults] and [variables] of a jailmgr.toml, and of the rest that it is TOML.
Result<Common> parse_common(std::string_view text, std::string_view file);

inline constexpr size_t kIncludeDepth = 8, kIncludesMax = 64; // files, of one jail
inline constexpr size_t kExpandedMax = 4U << 20U;             // bytes of all texts with their variables

// One table with every variable put in, and neither include, variables nor version. Notes what is wrong.
// own: the file itself, as source 0. In version 1 its texts have no variables, and it has neither include nor
// variables: "${x}" means itself there.
TomlTable put_together(Diagnostics &notes, TomlTable own, int version, const JailName &name, const Common &common);

// Does a file have include or variables? Then its keys are not all that holds.
bool has_layers(const TomlTable &document);

// `text` as a file of this version has to spell it: "${" becomes "$${".
std::string without_variables(std::string_view text);

} // namespace jails
