// IP addresses as people write them. Pure values.
#pragma once

#include "base/error.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jails {

struct IpAddress {
  uint8_t family = 0;              // 4 or 6; 0: none
  std::array<uint8_t, 16> bytes{}; // network order, IPv4 in the first four, the rest 0

  [[nodiscard]] bool is_wildcard() const; // 0.0.0.0 or ::
  [[nodiscard]] bool is_link_local() const;
  [[nodiscard]] bool is_multicast() const; // and the broadcast address
  friend bool operator==(const IpAddress &, const IpAddress &) = default;
};

// "10.0.0.5", "fd00::5", "[fd00::5]"; v4-mapped IPv6 becomes IPv4. Nothing if it is no address.
std::optional<IpAddress> parse_ip(std::string_view text);
std::string to_string(const IpAddress &address); // without brackets

} // namespace jails
