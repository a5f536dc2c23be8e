// What the kernel says of a thread of the jail, by its number. The number may be used again at any moment: whoever asks
// has to know by other means that it was the same thread all the time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace jails::supervise {

struct ThreadFacts {
  std::string name; // comm
  pid_t process = 0;
  uint32_t uid = 0, effective_uid = 0;
  uint64_t permitted = 0; // capabilities
};
std::optional<ThreadFacts> thread_facts(pid_t thread); // none: it is gone

// Are the numbers and ids that it speaks of those of this process: does it live in the same pid and user namespace?
bool speaks_of_ours(pid_t thread);

// Its path in the v2 tree, as this process sees it; empty: it is gone.
std::string v2_path(pid_t thread);

} // namespace jails::supervise
