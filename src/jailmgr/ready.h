// Waiting until a started jail is ready, by whatever its configuration calls so.
#pragma once

#include "config/jail_config.h"
#include "model/instance.h"

namespace jailmgr {

// System "not ready after 30 s: nothing listens on port 8080", or why it cannot become so.
jails::Status wait_ready(const jails::Instance &instance, const jails::JailConfig &config);

} // namespace jailmgr
