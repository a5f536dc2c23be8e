#pragma once

#include "jailmgr/store.h"

namespace jailmgr {

// Removes a jail that does not run: its directory with everything in it, and its log; prints that. What is declared in
// CONFIG/jails.d stays declared.
jails::Status destroy_jail(const jails::Instance &instance, const Store &store, const jails::JailName &name);

} // namespace jailmgr
