// The sockets of this network namespace, as the kernel's sock_diag(7) gives them.
#pragma once

#include "base/error.h"
#include "model/port.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jails::view {

struct InetSocket {
  Proto proto = kTcp;
  uint8_t family = 4;      // 4 or 6
  uint8_t state = 0;       // as in tcp_states.h
  std::string local, peer; // addresses; the wildcard as 0.0.0.0 or ::
  uint16_t local_port = 0, peer_port = 0;
  PortReservation bound;          // the local end, to be compared with reservations
  uint32_t inode = 0;             // 0: no process can hold it (not accepted yet, or left behind by its process)
  std::optional<uint64_t> cgroup; // where it was made; none: the kernel does not tell (TIME-WAIT, SYN-RECV)
};

struct UnixSocket {
  uint8_t type = 0;              // SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET
  uint8_t state = 0;             // as in tcp_states.h: LISTEN, ESTABLISHED, CLOSE (neither)
  uint32_t inode = 0, peer = 0;  // peer 0: none, or one that is not accepted yet
  std::string name;              // raw bytes; an abstract one begins with NUL
  std::vector<uint32_t> waiting; // in the queue of a listener: inodes of those who called
};

// All of them. Unsupported: this kernel has no inet_diag (udp_diag, unix_diag).
Result<std::vector<InetSocket>> inet_sockets();
Result<std::vector<UnixSocket>> unix_sockets();

// One message of each kind without its netlink header; nothing: it is too short. Pure.
std::optional<InetSocket> parse_inet(std::string_view message, Proto proto);
std::optional<UnixSocket> parse_unix(std::string_view message);

} // namespace jails::view
