#include "supervise/addresses.h"

#include "base/fd.h"

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

namespace jails::supervise {

// A bind knows what no list of interfaces says: that all of 127.0.0.0/8 is there, and whether an IPv6 address is ready.
static int try_bind(const IpAddress &address) {
  const Fd probe(socket(address.family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!probe) return errno;
  sockaddr_in at4{};
  at4.sin_family = AF_INET;
  memcpy(&at4.sin_addr, address.bytes.data(), sizeof at4.sin_addr);
  sockaddr_in6 at6{};
  at6.sin6_family = AF_INET6;
  memcpy(&at6.sin6_addr, address.bytes.data(), sizeof at6.sin6_addr);
  const int done = address.family == 4 ? bind(probe.get(), reinterpret_cast<const sockaddr *>(&at4), sizeof at4)
                                       : bind(probe.get(), reinterpret_cast<const sockaddr *>(&at6), sizeof at6);
  return done == 0 ? 0 : errno;
}

Status check_addresses(std::span<const IpAddress> addresses) {
  for (const auto &address : addresses) {
    const int error = try_bind(address);
    if (error == EADDRNOTAVAIL || error == EAFNOSUPPORT)
      return fail(ErrorKind::NotFound, "address " + to_string(address) + ": this host does not have it", error);
    if (error != 0) return fail_errno("address " + to_string(address), error);
  }
  return {};
}

} // namespace jails::supervise
