// Changing single keys in a jail.toml that a person wrote.
#pragma once

#include "base/error.h"
#include "config/jail_config.h"
#include "config/layers.h"

#include <span>
#include <string>
#include <string_view>

namespace jails {

// The text with other limits. Only the lines of the limits that change are touched: comments, order and everything else
// stay. words: as in change_limits(), so that a value is written as the person typed it. Where the file is written in a
// way that this cannot follow (an inline table, a list over several lines), the whole of it is written anew, without
// the person's comments; one that has include or variables is refused then. Usage or Malformed: what the words or the
// file have wrong.
Result<std::string> edit_limits(std::string_view text, std::string_view file, const JailName &name,
                                std::string_view default_root, std::span<const std::string_view> words,
                                const Common &common = {});

} // namespace jails
