// Scripts in a jail: by hand with `jailmgr apply`, or declared.
#pragma once

#include "cli/program.h"
#include "jailmgr/store.h"

#include <string>
#include <string_view>
#include <vector>

namespace jailmgr {

struct ScriptRun {
  std::string_view text;
  std::vector<std::string> arguments{};
  bool ephemeral = false; // take the jail down again if it was down
};

// Runs a script by /bin/sh in a jail, as its root; one at a time in each. Its exit status.
jails::Result<int> run_in_jail(const jails::cli::Call &call, const Store &store, const jails::JailConfig &config,
                               const ScriptRun &run);

// The script of [provision]: run in the jail as it is, or in one that is brought up for it. When it ended with 0 its
// text is kept, so that the same one is not run again.
jails::Status provision(const jails::cli::Call &call, const Store &store, const jails::JailConfig &config,
                        std::string_view script);

} // namespace jailmgr
