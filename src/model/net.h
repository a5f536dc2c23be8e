// What a jail may call on its own host, and which addresses are its own. Pure values.
// A permission: "db" and "db:5432" (ports that jail db reserved), "127.0.0.1:6379", "[::1]:53/udp".
#pragma once

#include "base/error.h"
#include "model/address.h"
#include "model/port.h"

#include <string>
#include <string_view>
#include <vector>

namespace jails {

struct Destination {
  std::string jail{};           // empty: by address. Resolved at each call, so that jail need not exist
  IpAddress at{};               // family 0: by name
  uint16_t port = 0;            // 0, by name only: every port that jail reserved
  uint8_t protos = kBothProtos; // Proto

  friend bool operator==(const Destination &, const Destination &) = default;
};

struct NetSpec {
  std::vector<Destination> connect{}; // at most kDestinationsMax; low may call everything without
  std::vector<IpAddress> addresses{}; // at most kAddressesMax; empty: every address of the host

  friend bool operator==(const NetSpec &, const NetSpec &) = default;
};
inline constexpr size_t kDestinationsMax = 32; // SJ_GRANTS_MAX
inline constexpr size_t kAddressesMax = 8;     // SJ_ADDRS_MAX

// An IPv4 address is one, and not the name of a jail. Usage on anything that is no name or address, an address without
// port, a wildcard.
Result<Destination> parse_destination(std::string_view text);
std::string to_string(const Destination &destination);
// "d[,d...]", appended to `to`; the same twice, or too many, is Usage.
Status add_destinations(std::vector<Destination> &to, std::string_view list);

// An address that a jail can be pinned to. Usage on the wildcard, multicast and link-local ones (those need an
// interface).
Result<IpAddress> parse_own_address(std::string_view text);
Status add_addresses(std::vector<IpAddress> &to, std::string_view list); // as add_destinations

Status check_net(const NetSpec &net); // what the parsers would refuse

} // namespace jails
