// Port reservations: "8080", "tcp/443", "udp/53@10.0.0.5", "tcp/443@[fd00::5]" or "tcp/443@fd00::5".
#pragma once

#include "base/error.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

enum Proto : uint8_t { kTcp = 1, kUdp = 2, kBothProtos = 3 }; // bits, values of enum sj_proto

struct PortReservation {
  uint16_t port = 0;
  uint8_t protos = kBothProtos;
  uint8_t family = 0;             // 0 any address, 4 or 6
  std::array<uint8_t, 16> addr{}; // IPv4 in the first four bytes

  friend bool operator==(const PortReservation &, const PortReservation &) = default;
};

// One reservation; v4-mapped IPv6 becomes IPv4. Usage on port 0, above 65535, unknown protocol, wildcard or bad
// address.
Result<PortReservation> parse_port(std::string_view text);
// "p[,p...]", appended to `to`; the same port claimed twice in `to`, or more than 32, is Usage.
Status add_ports(std::vector<PortReservation> &to, std::string_view list);
std::string to_string(const PortReservation &port);
std::string to_string(const std::vector<PortReservation> &ports); // as add_ports() reads them
// Is one of them below 1024, where the kernel wants CAP_NET_BIND_SERVICE?
bool has_low_port(const std::vector<PortReservation> &ports);
// Do two reservations claim something in common?
bool overlap(const PortReservation &a, const PortReservation &b);

} // namespace jails
