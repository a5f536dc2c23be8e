// System calls that glibc 2.36 has no wrapper for, and structs its headers lack. The parent side returns Result; what
// runs in a half-launched child uses raw.h instead.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cstdint>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace jails::sys {

// openat2(2). resolve: RESOLVE_*. O_CLOEXEC is always added.
Result<Fd> open_at(int dir, const std::string &path, uint64_t flags, uint64_t resolve, uint64_t mode = 0);

// An unattached copy of the mount at fd, submounts included, set private; attributes as given (MOUNT_ATTR_*) on all.
Result<Fd> clone_mount(int fd, uint64_t attributes);

// A new, unattached file system: fsopen(2), each option, fsmount(2). An option without '=' is a flag.
Result<Fd> new_mount(const char *fstype, const std::vector<std::string> &options, uint64_t attributes);

// Puts an unattached mount on an open directory.
Status attach_mount(int mount, int target);

Result<Fd> pidfd_open(pid_t pid);
Status pidfd_signal(int pidfd, int signal);

// A sealed, executable memfd with these bytes: nobody can change it any more (memfd_create(2), F_SEAL_*).
Result<Fd> sealed_memfd(const char *name, std::string_view bytes);

struct Pipe {
  Fd read, write;
};
Result<Pipe> make_pipe(int flags = 0); // O_CLOEXEC is always added

// A connected pair of SOCK_SEQPACKET sockets, close-on-exec.
Result<std::pair<Fd, Fd>> seqpacket_pair();

} // namespace jails::sys
