#include "secmodel/jail_hooks.h"

#include "secmodel/bpf.h"

#include <string>

namespace jails {

Status attach_hooks(const Instance &instance, int cgroup, std::span<const JailHook> hooks, std::span<Fd> links) {
  for (size_t i = 0; i < hooks.size(); i++) {
    const auto program = TRY(bpf::open_pinned(instance.bpffs_dir() + "/progs/" + hooks[i].program));
    links[i] = TRY_IN(hooks[i].program, bpf::attach_cgroup(program, cgroup, hooks[i].type));
  }
  return {};
}

} // namespace jails
