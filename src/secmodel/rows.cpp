#include "secmodel/rows.h"

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

std::string_view name_of(const sj_jail &row) { return {row.name, strnlen(row.name, SJ_NAME_MAX)}; }

JailRow from_row(Jid jid, const sj_jail &row) {
  JailRow jail{.jid = jid,
               .name = std::string(name_of(row)),
               .root = std::string(row.root, strnlen(row.root, SJ_ROOT_MAX)),
               .profile = static_cast<Profile>(row.profile),
               .ports = {},
               .cgroup_id = row.cgroup_id,
               .created_ns = row.created_ns,
               .anchor = static_cast<pid_t>(row.anchor),
               .supervisor = static_cast<pid_t>(row.supervisor)};
  for (const sj_port &port : ports_of(row)) jail.ports.push_back(from_row(port));
  return jail;
}

} // namespace jails::rows
