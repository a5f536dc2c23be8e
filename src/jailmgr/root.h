#pragma once

#include "base/error.h"
#include "config/jail_config.h"

#include <string>

namespace jailmgr {

// Makes DIR/root for a thin or thick jail from a base. `parent` is a directory that nobody else reaches (0700).
jails::Status make_root(int parent, const std::string &base_dir, const jails::JailConfig &config);

} // namespace jailmgr
