// Who is at the other end of a unix socket, as the kernel keeps it since connect(2).
#pragma once

#include "base/error.h"

#include <cstdint>
#include <sys/types.h>
#include <vector>

namespace jails::supervise {

struct Peer {
  pid_t pid = 0;
  uint32_t uid = 0, gid = 0;      // effective
  std::vector<uint32_t> groups{}; // supplementary
};

// Denied: "a jail asks": jailed processes share uids with the host, and root of a jail that was given /run is root,
// too. A process that is gone, whose number may be another's by now, does not count as one of the host.
Result<Peer> peer_outside(int socket);

} // namespace jails::supervise
