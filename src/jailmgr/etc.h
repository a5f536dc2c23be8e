// The /etc of a new jail: a few files made here, a few copied from the base's /etc. Users are the system's static ones,
// never the host's people; no key and no password of the host is copied.
#pragma once

#include "base/error.h"

#include <string>

namespace jailmgr {

// Fills the empty directory `etc`. source: the base's /etc.
jails::Status seed_etc(int etc, const std::string &source, const std::string &hostname);

} // namespace jailmgr
