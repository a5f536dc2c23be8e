// Jails at boot: a unit of systemd, or an init script.
#pragma once

#include "base/error.h"

#include <string>

namespace jailmgr {

// What was done, a line for the person. The files come from PREFIX/share/jails, with the path of this program put in.
jails::Result<std::string> install_boot();

// The same for taking it away; empty when there was nothing.
jails::Result<std::string> remove_boot();

} // namespace jailmgr
