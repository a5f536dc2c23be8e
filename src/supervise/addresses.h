// The addresses that a jail is pinned to, asked at its start.
#pragma once

#include "base/error.h"
#include "model/address.h"

#include <span>
#include <sys/socket.h>

namespace jails::supervise {

// As the calls of socket(2) want it.
class SocketAddress {
public:
  SocketAddress(const IpAddress &address, uint16_t port);
  [[nodiscard]] const sockaddr *get() const { return reinterpret_cast<const sockaddr *>(&storage_); }
  [[nodiscard]] socklen_t size() const { return size_; }
  [[nodiscard]] int family() const { return storage_.ss_family; }

private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

// NotFound "address 10.0.0.9: this host does not have it", for the first that cannot be bound.
Status check_addresses(std::span<const IpAddress> addresses);

} // namespace jails::supervise
