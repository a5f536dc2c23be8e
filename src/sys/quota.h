// Project quotas of a file system: how much of it the files of one tree may take (quotactl_fd(2), Linux 5.14).
#pragma once

#include "base/error.h"

#include <cstdint>

namespace jails::sys {

struct Quota {
  uint64_t bytes = 0, inodes = 0; // limits; 0: none
  uint64_t used_bytes = 0, used_inodes = 0;
};

// Does the file system of this directory enforce project quotas? Unsupported, with the reason.
Status check_project_quota(int dir);

// The one that make_project() gave it. 0: none, or one of the administrator's. Unsupported: the file system has no
// projects.
Result<uint32_t> project_of(int fd);

// A project of its own for this tree, its files that are there and those to come; the one that it has already, if any.
// Unsupported: it is in a project of somebody else, whose accounts it would leave.
// Nobody may change the tree meanwhile. The directory itself comes last, so that one whose tagging was cut off has
// none. What is neither file nor directory is not counted, as long as it was there before.
Result<uint32_t> make_project(int dir);

Result<Quota> read_quota(int dir, uint32_t project);
// 0: no limit. Read back.
Status write_quota(int dir, uint32_t project, uint64_t bytes, uint64_t inodes);

} // namespace jails::sys
