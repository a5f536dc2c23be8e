// The jail's file systems, made in the parent as unattached mounts: each exists only as a descriptor until the child
// puts it in its place, so nothing ever shows in the host's mount table.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "model/spec.h"

#include <string>
#include <vector>

namespace jails::launch {

// Opens a jail's root directory and refuses one that a host user could tamper with: no symlink on the way, every
// directory down to it owned by root and not writable by others, and one of them (the root itself not counted) closed
// to other users (mode 0700 or tighter), because set-user-id files planted in the jail must be out of reach (SECURITY
// W33).
Result<Fd> open_root(const std::string &path);

// A directory of the host that is shown in the jail. Links on the way are refused.
Result<Fd> open_bind_source(const Bind &bind);

struct Mount {
  Fd mount;
  std::string target; // relative to the root
};

struct Root {
  Fd tree;                   // the root itself
  std::vector<Mount> mounts; // in the order in which to attach them
  Fd pts;                    // the jail's devpts, for terminals; also among mounts
};

// Makes missing mount points (proc, dev, bind targets) in the root.
Result<Root> prepare_root(const Spec &spec);

} // namespace jails::launch
