// A base: a directory DATA/base/NAME with `usr` (the tree that thin jails are shown read-only; for the base "host" a
// link to /usr), the links beside it (bin -> usr/bin, ...) that a root gets as they are, and etc where it is not the
// host's.
#pragma once

#include "base/error.h"
#include "model/instance.h"

#include <string>

namespace jailmgr {

// Makes DATA/base/host or puts it right. True when something was changed. Unsupported: a host whose /bin is not a link
// into /usr.
jails::Result<bool> make_host_base(const jails::Instance &instance);

// Where a base's /etc comes from.
std::string base_etc(const std::string &base_dir);

} // namespace jailmgr
