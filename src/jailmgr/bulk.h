// Verbs that take several jails, or --all.
#pragma once

#include "base/error.h"
#include "cli/arguments.h"
#include "model/ids.h"

#include <functional>
#include <span>
#include <vector>

namespace jailmgr {

// The operands as names. Usage: none and not --all, both, or one that is no name.
jails::Result<std::vector<jails::JailName>> named_jails(const jails::cli::Parsed &parsed, std::string_view usage,
                                                        bool all);

// Does it for each; a failure is printed with the jail's name and the next one is taken. Exit status: 1 if one failed.
int for_each_jail(const jails::cli::Call &call, std::span<const jails::JailName> names,
                  const std::function<jails::Status(const jails::JailName &)> &act);

} // namespace jailmgr
