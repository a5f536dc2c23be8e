// The sockets of jails, as `jailctl sockets` shows them.
#pragma once

#include "base/error.h"
#include "model/instance.h"
#include "secmodel/tables.h"
#include "view/diag.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace jails::view {

struct Holder {
  pid_t pid = 0;
  std::string program; // printable
};

struct Socket {
  Jid jid = 0;
  std::string jail;
  std::string_view proto;                 // "tcp", "udp", "unix"
  std::string_view family;                // "ipv4", "ipv6", "unix"
  std::string_view type;                  // "stream", "dgram", "seqpacket"
  std::string_view state;                 // "LISTEN", "ESTAB", "UNCONN", ...
  std::string local, peer;                // an address, or a printable name ("@..." is abstract; empty: none)
  uint16_t local_port = 0, peer_port = 0; // 0: none, or a unix socket
  bool reserved = false;                  // the local port, by this jail
  bool listens = false;        // takes calls: LISTEN, or an unconnected datagram socket that has a port or a name
  std::vector<Holder> holders; // members of any of the jails asked for; none: not accepted yet, or left by its process
};

// By jail in the order of `rows`; TCP, UDP, unix.
//
// A TCP or UDP socket is of the jail whose cgroup it was made in, whoever holds it; where the kernel does not tell
// (TIME-WAIT, SYN-RECV), of the jail that reserved its port; else of the jail whose member holds it. A unix socket is
// of the jail whose member holds it, and one that is not accepted yet of the
// listener's. A unix socket on its way in a
// message (SCM_RIGHTS) is not found.
Result<std::vector<Socket>> sockets_of(const Instance &instance, std::span<const JailRow> rows);

} // namespace jails::view
