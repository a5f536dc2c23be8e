#include "model/net.h"

#include "base/text.h"
#include "model/ids.h"

#include <algorithm>

namespace jails {

namespace {

template <class T> Status append(std::vector<T> &to, const T &item, size_t max, std::string_view what) {
  if (std::ranges::find(to, item) != to.end())
    return fail(ErrorKind::Usage, std::string(what) + " " + to_string(item) + " is given twice");
  if (to.size() == max)
    return fail(ErrorKind::Usage, "more than " + std::to_string(max) + " times " + std::string(what) + " for one jail");
  to.push_back(item);
  return {};
}

// All or none of a list.
template <class T>
Status append_list(std::vector<T> &to, std::string_view list, size_t max, std::string_view what,
                   Result<T> (*parse)(std::string_view)) {
  std::vector<T> all = to;
  for (const auto item : split(list, ',')) TRY(append(all, TRY(parse(item)), max, what));
  to = std::move(all);
  return {};
}

constexpr std::string_view kConnect = "connect", kAddress = "address";

} // namespace

Result<Destination> parse_destination(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return fail(ErrorKind::Usage, "connect " + in_quotes(text) + ": " + std::string(why));
  };
  Destination to;
  std::string_view rest = text;
  if (const auto slash = rest.find('/'); slash != rest.npos) {
    const auto proto = rest.substr(slash + 1);
    if (proto != "tcp" && proto != "udp") return bad("the protocol after '/' must be tcp or udp");
    to.protos = proto == "tcp" ? kTcp : kUdp;
    rest = rest.substr(0, slash);
  }
  const auto colon = rest.starts_with('[') ? rest.find(':', std::min(rest.find(']'), rest.size())) : rest.find(':');
  std::string_view host = rest.substr(0, colon);
  if (colon != rest.npos) {
    const auto digits = rest.substr(colon + 1);
    if (digits.contains(':')) return bad("write an IPv6 address in brackets, like [::1]:53");
    const auto number = parse_int<uint32_t>(digits);
    if (!number || *number == 0 || *number > 65535 || digits[0] == '0')
      return bad("after ':' expected a port from 1 to 65535");
    to.port = static_cast<uint16_t>(*number);
  }
  if (const auto address = parse_ip(host)) {
    if (to.port == 0) return bad("an address needs a port, like 127.0.0.1:6379");
    if (address->is_wildcard()) return bad("the wildcard is no destination, write 127.0.0.1 or [::1]");
    to.at = *address;
    return to;
  }
  const auto name = JailName::parse(host);
  if (!name) return bad("expected a jail or an address, like db, db:5432, 127.0.0.1:6379 or [::1]:53/udp");
  to.jail = name->str();
  return to;
}

std::string to_string(const Destination &to) {
  std::string text = to.jail;
  if (to.at.family == 4) text = to_string(to.at);
  if (to.at.family == 6) text = "[" + to_string(to.at) + "]";
  if (to.port != 0) text += ":" + std::to_string(to.port);
  if (to.protos != kBothProtos) text += to.protos == kTcp ? "/tcp" : "/udp";
  return text;
}

Status add_destinations(std::vector<Destination> &to, std::string_view list) {
  return append_list(to, list, kDestinationsMax, kConnect, parse_destination);
}

Result<IpAddress> parse_own_address(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return fail(ErrorKind::Usage, "address " + in_quotes(text) + ": " + std::string(why));
  };
  const auto address = parse_ip(text);
  if (!address) return bad("expected an IP address like 10.0.0.5 or fd00::5");
  if (address->is_wildcard()) return bad("the wildcard is what a jail without addresses has, leave it out");
  if (address->is_multicast()) return bad("a multicast or broadcast address belongs to nobody");
  if (address->is_link_local()) return bad("a link-local address is one of an interface, and cannot be pinned");
  return *address;
}

Status add_addresses(std::vector<IpAddress> &to, std::string_view list) {
  return append_list(to, list, kAddressesMax, kAddress, parse_own_address);
}

Status check_net(const NetSpec &net) {
  NetSpec good;
  for (const auto &to : net.connect) {
    if (to.protos == 0 || to.protos > kBothProtos || (to.jail.empty() && to.at.family != 4 && to.at.family != 6))
      return fail(ErrorKind::Usage, "connect: no such protocol or address family");
    TRY(add_destinations(good.connect, to_string(to)));
  }
  for (const auto &address : net.addresses) {
    if (address.family != 4 && address.family != 6) return fail(ErrorKind::Usage, "address: no such address family");
    TRY(add_addresses(good.addresses, to_string(address)));
  }
  return {};
}

} // namespace jails
