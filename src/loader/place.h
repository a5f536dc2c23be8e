// Where a loaded model lives: the pin directory, the directory it is built in, and the two cgroups.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "model/instance.h"

#include <cstdint>
#include <string>

namespace jails::loader {

struct Cgroup {
  Fd dir;
  uint64_t id = 0; // as bpf_get_current_cgroup_id() gives it
};

struct Place {
  explicit Place(const Instance &instance);

  std::string pins;        // the loaded model
  std::string stage;       // one that is being made or removed: nothing there is valid
  std::string parent_name; // of the jails' parent cgroup, below the root of the v2 tree
};

// Mounts /sys/fs/bpf unless it is mounted; true when it did.
Result<bool> mount_bpffs();

// Makes the empty stage. What a cut-off load or unload left there must be gone.
Status make_stage(const Place &place);
// Detaches and removes whatever is in the stage; true when there was something.
Result<bool> clear_stage(const Place &place);
// The stage becomes the loaded model; a model that was there becomes the stage. One step (renameat2(2)).
Status swap_in(const Place &place);
Status swap_out(const Place &place); // the loaded model becomes the stage

// Root of the cgroup v2 tree, from /proc/self/mountinfo. Unsupported: there is none.
Result<std::string> find_v2_root();
Result<Cgroup> open_cgroup(const std::string &path); // NotFound
// Opens the jails' parent, and makes it where it is missing.
Result<Cgroup> make_parent(const Place &place, const std::string &root);
// Busy: it has members or children. Nothing there is no error.
Status remove_parent(const Place &place);

} // namespace jails::loader
