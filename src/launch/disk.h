// How much disk space a jail's root may take: a project quota where its file system has them, else an image of that
// size, a file with a file system of its own, which jailmgr makes (Spec::image).
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "model/spec.h"
#include "sys/quota.h"

#include <optional>
#include <string>

namespace jails::launch {

inline bool limits_disk(const Limits &limits) { return limits.disk || limits.inodes; }

// Could a project quota hold such limits for this directory? Unsupported, with the reason; Usage: the jail could get
// out of it by a permission that it has.
Status check_quota(const Spec &spec);

// Sets spec.limits by project quota, read back; takes away what there was where there is no limit (any more). For a
// spec without an image. With best effort, a warning instead of Unsupported.
Result<std::string> hold_to_quota(const Spec &spec);

// Takes the quota off a root, before it is removed; a root without one is fine.
void drop_quota(const std::string &root);

// As the kernel has it for a root: nothing without a project of its own.
Result<std::optional<sys::Quota>> quota_of(const std::string &root);

// An image that nobody uses, as long as the descriptor lives: a lock of the open file, which a loop device keeps for as
// long as it has the file. Busy: it is in use, and not left within some seconds.
Result<Fd> lock_image(const std::string &image);

// The file system in an image, attached to nothing: it goes away with the last descriptor and namespace that has it,
// and with it the loop device. Busy as above.
Result<Fd> mount_image(const std::string &image, uint64_t attributes);

} // namespace jails::launch
