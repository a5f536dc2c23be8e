// The image of a jail whose disk space no project quota limits: DATA/jails/NAME/disk.img, a file with an ext4 of its
// own that holds the jail's root. While it is there, the directory root/ beside it is empty and only holds its place.
#pragma once

#include "base/error.h"
#include "jailmgr/store.h"

namespace jailmgr {

// Before a start of a jail that is down and locked: makes the image of a root that has none, from what is there; makes
// it larger; or leaves a limit to the file system's project quota. Killed at any moment, the next call goes on: an
// image counts once it has its name, and what it was made from is removed after that.
jails::Status prepare_disk(const Store &store, const jails::JailConfig &config);

// Whether prepare_disk() will be able to, as far as that can be told: what neither way can hold, an image that would
// have to shrink. For create and set.
jails::Status check_disk(const Store &store, const jails::JailConfig &config);

// The image of a jail that is down, and the place beside it, for a jail whose directory is `to`. False: it has none.
jails::Result<bool> copy_image(const Store &store, const jails::JailName &name, int to);

// Before a root is removed.
void release_disk(const Store &store, const jails::JailName &name);

} // namespace jailmgr
