#pragma once

#include "base/error.h"
#include "model/instance.h"

namespace jailmgr {

// Takes away what bootstrap made, printing a line for each thing: boot, the model in the kernel, the base, a
// configuration that nobody changed; with `purge` the jails and their logs as well. Busy while a jail is registered.
jails::Status undo_bootstrap(const jails::Instance &instance, bool purge);

} // namespace jailmgr
