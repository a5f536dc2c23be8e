// The /etc of a new jail: a few files made here, a few copied from the base's /etc. Users are the system's static ones,
// never the host's people; no key and no password of the host is copied.
#pragma once

#include "base/error.h"

#include <string>

namespace jailmgr {

// Fills the empty directory `etc`. source: the base's /etc.
jails::Status seed_etc(int etc, const std::string &source, const std::string &hostname);

// Another host name in the root of a jail that is down: /etc/hostname and /etc/hosts, as far as they are what
// seed_etc() wrote for `from`. jail_dir: the jail's directory, with its root or the image of it. The jail's links are
// not followed.
jails::Status rename_host(const std::string &jail_dir, const std::string &from, const std::string &to);

} // namespace jailmgr
