// The limits of one jail: what they are, and other ones while it runs.
#pragma once

#include "base/error.h"
#include "cgroup/usage.h"
#include "jail/registry.h"
#include "supervise/protocol.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

// In force, for a jail that runs; else what it will start with. NotFound: it does not run and was never registered
// with a spec.
Result<Limits> limits_of(const Instance &instance, const JailName &name);

// A reaction of a jail, and what has come of it; a jail that does not run has no state.
struct ReactionUse {
  Reaction reaction{};
  supervise::ReactionState state{};
};
// In force, or to be so. Errors as limits_of().
Result<std::vector<ReactionUse>> reactions_of(const Instance &instance, const JailName &name);

// Can what this spec says of disk space be held, by project quota (it has an image: yes)? Unsupported, with the reason.
Status check_disk(const Spec &spec);
// Rows for disk and inodes, of a running jail.
void add_disk(const JailRow &row, const Spec &spec, std::vector<cgroup::LimitUse> &uses);

struct LimitChange {
  Limits limits; // all of them, after the change
  bool running = false;
  std::vector<std::string> warnings; // of the host, and of the running jail
};
// What the words (change_limits()) would do to a jail, said before it is done: limits below what is used now, above
// what the host has. Nothing is changed. Errors are those that the change would have, as far as they can be told.
Result<LimitChange> foresee_limits(const Instance &instance, const JailRow &row,
                                   std::span<const std::string_view> words);

// Changes a running jail's limits and what it was registered with, or only the latter when it does not run. All of
// them hold, each read back from the kernel, or none does.
Result<LimitChange> set_limits(const Instance &instance, const JailRow &row, std::span<const std::string_view> words,
                               const NameLock &lock);

} // namespace jails
