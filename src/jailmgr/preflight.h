// What a start would refuse, found before anything that runs is stopped for it.
#pragma once

#include "base/error.h"
#include "cli/program.h"
#include "jailmgr/store.h"

namespace jailmgr {

// Everything of a configuration that this host can be asked about without starting it, whether the jail runs or not:
// limits (warning of those that are left out), root, ports, addresses, users in [exec], programs of hooks, sources of
// mounts, the command. Not what a hook that comes before it may still make. A start can fail all the same.
jails::Status check_start(const jails::cli::Call &call, const Store &store, const jails::JailConfig &config);

} // namespace jailmgr
