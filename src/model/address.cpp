#include "model/address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>

namespace jails {

bool IpAddress::is_wildcard() const {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_link_local() const {
  return family == 4 ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

bool IpAddress::is_multicast() const {
  if (family == 6) return bytes[0] == 0xff;
  return (bytes[0] & 0xf0) == 0xe0 || std::all_of(bytes.begin(), bytes.begin() + 4, [](uint8_t b) { return b == 255; });
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  const bool bracketed = text.size() >= 2 && text.front() == '[' && text.back() == ']';
  if (bracketed) text = text.substr(1, text.size() - 2);
  const std::string address(text);
  if (address.size() != strlen(address.c_str())) return std::nullopt; // a NUL would hide what follows it
  IpAddress to;
  if (!bracketed && inet_pton(AF_INET, address.c_str(), to.bytes.data()) == 1) {
    to.family = 4;
    return to;
  }
  if (inet_pton(AF_INET6, address.c_str(), to.bytes.data()) != 1) return std::nullopt;
  to.family = 6;
  constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(kMapped.begin(), kMapped.end(), to.bytes.begin())) {
    to.bytes = {to.bytes[12], to.bytes[13], to.bytes[14], to.bytes[15]};
    to.family = 4;
  }
  return to;
}

std::string to_string(const IpAddress &address) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(address.family == 4 ? AF_INET : AF_INET6, address.bytes.data(), text, sizeof text);
  return text;
}

} // namespace jails
