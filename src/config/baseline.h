// A written jail.toml beside what [defaults] of jailmgr.toml say already.
#pragma once

#include "config/document.h"

#include <string>
#include <string_view>

namespace jails {

// Texts of a written file in which "${" means itself: "$${" in every line that is no comment.
std::string escape_lines(std::string_view text);

// Both written by write_jail(): `text`, and a jail that has the defaults alone. Where both say the same of a key of
// `defaults`, it becomes a comment; where only the baseline says something, text says that it has none of it.
std::string leave_to_defaults(std::string_view text, std::string_view baseline, const TomlTable &defaults);

} // namespace jails
