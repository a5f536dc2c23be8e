// Programs that the loader only pins, on the cgroup of one jail that asks for them.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "model/instance.h"

#include <cstdint>
#include <span>

namespace jails {

struct JailHook {
  const char *program;
  uint32_t type; // BPF_CGROUP_*
};

// Hangs them on the v2 cgroup, in this order; they stay for as long as the links are open. An error names the program.
Status attach_hooks(const Instance &instance, int cgroup, std::span<const JailHook> hooks, std::span<Fd> links);

} // namespace jails
