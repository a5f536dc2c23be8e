#include "supervise/addresses.h"

#include "base/fd.h"

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

namespace jails::supervise {

SocketAddress::SocketAddress(const IpAddress &address, uint16_t port) {
  if (address.family == 4) {
    auto &at = reinterpret_cast<sockaddr_in &>(storage_);
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    memcpy(&at.sin_addr, address.bytes.data(), sizeof at.sin_addr);
    size_ = sizeof at;
  } else {
    auto &at = reinterpret_cast<sockaddr_in6 &>(storage_);
    at.sin6_family = AF_INET6;
    at.sin6_port = htons(port);
    memcpy(&at.sin6_addr, address.bytes.data(), sizeof at.sin6_addr);
    size_ = sizeof at;
  }
}

// A bind knows what no list of interfaces says: that all of 127.0.0.0/8 is there, and whether an IPv6 address is ready.
static int try_bind(const IpAddress &address) {
  const SocketAddress at(address, 0);
  const Fd probe(socket(at.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!probe) return errno;
  return bind(probe.get(), at.get(), at.size()) == 0 ? 0 : errno;
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
