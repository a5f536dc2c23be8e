#include "model/port.h"

#include "base/text.h"
#include "model/address.h"

#include <algorithm>

namespace jails {

namespace {

constexpr size_t kPortsMax = 32; // SJ_PORTS_MAX

} // namespace

Result<PortReservation> parse_port(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return fail(ErrorKind::Usage, "port " + in_quotes(text) + ": " + std::string(why));
  };
  PortReservation port;
  const auto at = text.find('@');
  std::string_view digits = text.substr(0, at);
  if (const auto slash = digits.find('/'); slash != digits.npos) {
    const auto proto = digits.substr(0, slash);
    if (proto != "tcp" && proto != "udp") return bad("the protocol before '/' must be tcp or udp");
    port.protos = proto == "tcp" ? kTcp : kUdp;
    digits.remove_prefix(slash + 1);
  }
  const auto number = parse_int<uint32_t>(digits);
  if (!number || *number == 0 || *number > 65535 || digits[0] == '0')
    return bad("expected a number from 1 to 65535, like 8080, udp/53 or tcp/443@10.0.0.5");
  port.port = static_cast<uint16_t>(*number);
  if (at == text.npos) return port;
  const auto address = parse_ip(text.substr(at + 1));
  if (!address) return bad("after '@' expected an address like 10.0.0.5 or [fd00::5]");
  port.family = address->family;
  port.addr = address->bytes;
  if (address->is_wildcard()) return bad("the wildcard address is what a port without '@' means, leave it out");
  return port;
}

Status add_ports(std::vector<PortReservation> &to, std::string_view list) {
  std::vector<PortReservation> all = to;
  for (auto item : split(list, ',')) {
    const PortReservation port = TRY(parse_port(item));
    for (const auto &other : all) {
      if (!overlap(port, other)) continue;
      if (port == other) return fail(ErrorKind::Usage, "port " + to_string(port) + " is given twice");
      return fail(ErrorKind::Usage, "port " + to_string(port) + " overlaps " + to_string(other) + ", give one of them");
    }
    if (all.size() == kPortsMax) return fail(ErrorKind::Usage, "more than 32 ports for one jail");
    all.push_back(port);
  }
  to = std::move(all);
  return {};
}

std::string to_string(const PortReservation &port) {
  std::string text;
  if (port.protos == kTcp) text = "tcp/";
  if (port.protos == kUdp) text = "udp/";
  text += std::to_string(port.port);
  if (port.family == 0) return text;
  const std::string address = to_string(IpAddress{.family = port.family, .bytes = port.addr});
  return port.family == 4 ? text + "@" + address : text + "@[" + address + "]";
}

std::string to_string(const std::vector<PortReservation> &ports) {
  std::string text;
  for (const auto &port : ports) text += (text.empty() ? "" : ",") + to_string(port);
  return text;
}

bool has_low_port(const std::vector<PortReservation> &ports) {
  return std::ranges::any_of(ports, [](const auto &port) { return port.port < 1024; });
}

bool overlap(const PortReservation &a, const PortReservation &b) {
  if (a.port != b.port || (a.protos & b.protos) == 0) return false;
  return a.family == 0 || b.family == 0 || (a.family == b.family && a.addr == b.addr);
}

} // namespace jails
