// What a process passes through to become a jail's anchor. Between clone and exec: system calls, this plan, nothing
// else.
#pragma once

#include "model/ids.h"

#include <cstdint>
#include <linux/filter.h>
#include <sys/types.h>

namespace jails::launch {

// The step that failed, as the child reports it; step_name() says it in words.
enum class Step : uint32_t {
  Parent = 1,
  Cgroup,
  Namespaces,
  PrivateMounts,
  AttachRoot,
  AttachMount,
  MessageQueues,
  ProcMask,
  PivotRoot,
  Hostname,
  Session,
  Groups,
  CoreLimit,
  FileLimit,
  NoNewPrivs,
  Landlock,
  LandlockCheck,
  BoundingSet,
  Filter,
  Listener,
  Capabilities,
  Descriptors,
  Exec
};
const char *step_name(Step step);

struct StepFailure {
  Step step;
  int32_t error;
  uint32_t detail; // which mount, which mask
};

struct MountStep {
  int mount;
  const char *target;
};

// Prepared by the parent; every descriptor is close-on-exec.
struct ChildPlan {
  pid_t parent;
  int status, channel, program; // the failure pipe, the anchor's end of its socket, the sealed anchor
  const int *cgroups;           // open cgroup.procs of v1 hierarchies to join
  int cgroup_count;
  int root;
  const MountStep *mounts;
  uint32_t mount_count;
  const char *hostname;
  int landlock;
  uint32_t landlock_flags;
  sock_fprog filter;
  bool listener; // of the filter, sent up the channel
  uint64_t capabilities;
  bool no_new_privs;
  bool mask_proc;      // /proc has more than processes in it
  bool core_dumps;     // the core limit may be changed
  uint64_t file_limit; // 0: as inherited
  char *title;         // argv[0] of the anchor
};

[[noreturn]] void become_anchor(const ChildPlan &plan);

} // namespace jails::launch
