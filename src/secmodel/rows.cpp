#include "secmodel/rows.h"

#include <algorithm>
#include <cstring>

namespace jails::rows {

sj_port to_row(const PortReservation &port) {
  sj_port row{};
  row.port = port.port;
  row.protos = port.protos;
  row.at.family = port.family;
  static_assert(sizeof(row.at.addr_be) == sizeof(port.addr));
  if (port.family != 0) memcpy(row.at.addr_be, port.addr.data(), port.family == 4 ? 4 : 16);
  return row;
}

PortReservation from_row(const sj_port &row) {
  PortReservation port{.port = row.port, .protos = row.protos, .family = static_cast<uint8_t>(row.at.family)};
  memcpy(port.addr.data(), row.at.addr_be, sizeof(row.at.addr_be));
  return port;
}

static sj_addr to_row(const IpAddress &address) {
  sj_addr row{};
  row.family = address.family;
  static_assert(sizeof(row.addr_be) == sizeof(address.bytes));
  memcpy(row.addr_be, address.bytes.data(), sizeof(row.addr_be));
  return row;
}

IpAddress from_row(const sj_addr &row) {
  IpAddress address{.family = static_cast<uint8_t>(row.family)};
  memcpy(address.bytes.data(), row.addr_be, sizeof(row.addr_be));
  return address;
}

void put_net(sj_jail &row, const NetSpec &net) {
  row.ngrants = static_cast<uint32_t>(net.connect.size());
  row.naddrs = static_cast<uint32_t>(net.addresses.size());
  static_assert(SJ_GRANTS_MAX == kDestinationsMax && SJ_ADDRS_MAX == kAddressesMax);
  for (size_t i = 0; i < net.connect.size(); i++) {
    const Destination &to = net.connect[i];
    row.grants[i].at = to_row(to.at);
    row.grants[i].port = to.port;
    row.grants[i].protos = to.protos;
    memcpy(row.grants[i].name, to.jail.data(), std::min<size_t>(to.jail.size(), SJ_NAME_MAX));
  }
  std::ranges::transform(net.addresses, row.addrs, [](const IpAddress &address) { return to_row(address); });
}

static NetSpec net_of(const sj_jail &row) {
  NetSpec net;
  for (const sj_grant &grant : grants_of(row))
    net.connect.push_back({.jail = std::string(grant.name, strnlen(grant.name, SJ_NAME_MAX)),
                           .at = from_row(grant.at),
                           .port = grant.port,
                           .protos = grant.protos});
  for (uint32_t i = 0; i < row.naddrs && i < SJ_ADDRS_MAX; i++) net.addresses.push_back(from_row(row.addrs[i]));
  return net;
}

sj_grant_key key_of(Jid jid, const sj_grant &grant) {
  sj_grant_key key{.jid = jid, .port = grant.port, .at = grant.at, .name = {}};
  memcpy(key.name, grant.name, sizeof(key.name));
  return key;
}

sj_member member_of(Jid jid, const sj_jail &row) {
  sj_member member{
      .jid = jid, .profile = row.profile, .quiet = 0, .naddrs = row.naddrs, .files = row.files, .addrs = {}};
  std::ranges::copy(row.addrs, member.addrs);
  return member;
}

std::string_view name_of(const sj_jail &row) { return {row.name, strnlen(row.name, SJ_NAME_MAX)}; }

JailRow from_row(Jid jid, const sj_jail &row) {
  JailRow jail{.jid = jid,
               .name = std::string(name_of(row)),
               .root = std::string(row.root, strnlen(row.root, SJ_ROOT_MAX)),
               .profile = static_cast<Profile>(row.profile),
               .ports = {},
               .net = net_of(row),
               .cgroup_id = row.cgroup_id,
               .created_ns = row.created_ns,
               .anchor = static_cast<pid_t>(row.anchor),
               .supervisor = static_cast<pid_t>(row.supervisor),
               .restarts = row.restarts,
               .oom_kills = row.oom_kills,
               .files = row.files};
  for (const sj_port &port : ports_of(row)) jail.ports.push_back(from_row(port));
  return jail;
}

} // namespace jails::rows
