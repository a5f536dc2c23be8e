// Claims on ports: the table that decides, the bitmap before it, and the sysctl that keeps the kernel's own picks away.
#include "secmodel/port_sysctl.h"
#include "secmodel/rows.h"
#include "secmodel/tables.h"

#include <cerrno>
#include <map>
#include <sys/socket.h>

namespace jails {

// The sysctl is one of the caller's network namespace; the rules are about the one in the settings.
Status Tables::check_netns() const {
  const Fd probe(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!probe) return fail_errno("socket");
  uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  if (getsockopt(probe.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) != 0) return fail_errno("SO_NETNS_COOKIE");
  if (cookie == settings_.netns_cookie) return {};
  return fail(ErrorKind::Usage, "ports are reserved in the host's network namespace: this process runs in another");
}

Status Tables::mark_reserved(uint32_t port, bool reserved) {
  const uint32_t word = port / 64;
  const auto bits = TRY(reserved_.lookup(word));
  if (!bits) return fail(ErrorKind::Malformed, "secmodel_jail: the bitmap of ports is too short");
  const uint64_t bit = 1ULL << port % 64;
  return reserved_.update(word, reserved ? *bits | bit : *bits & ~bit);
}

Status Tables::claim(Jid jid, std::span<sj_port> ports) {
  if (ports.empty()) return {};
  const Fd lock = lock_reserved_ports();
  PortSet sysctl = TRY(read_reserved_ports());
  bool changed = false;
  for (sj_port &port : ports) {
    auto row = TRY(ports_.lookup(port.port));
    if (!row) {
      row.emplace();
      row->sysctl_added = !sysctl.test(port.port);
    }
    if (row->count >= SJ_CLAIMS_MAX) return fail(ErrorKind::System, "too many claims on one port", ENOSPC);
    row->claim[row->count++] = rows::claim_of(jid, port);
    port.sysctl_added = row->sysctl_added != 0;
    // That we added the port is on record before it is done: repair() finishes either way.
    TRY(ports_.update(port.port, *row));
    TRY(mark_reserved(port.port, true));
    changed |= row->sysctl_added && !sysctl.test(port.port);
    sysctl.set(port.port);
  }
  if (changed) TRY(write_reserved_ports(sysctl));
  return {};
}

Status Tables::release(Jid jid, std::span<const sj_port> ports) {
  if (ports.empty()) return {};
  std::map<uint32_t, sj_port_row> rows;
  PortSet gone;
  for (const sj_port &port : ports) {
    if (rows.contains(port.port)) continue;
    auto row = TRY(ports_.lookup(port.port));
    if (!row) continue;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < row->count && i < SJ_CLAIMS_MAX; i++)
      if (row->claim[i].jid != jid) row->claim[kept++] = row->claim[i];
    for (uint32_t i = kept; i < SJ_CLAIMS_MAX; i++) row->claim[i] = {};
    row->count = kept;
    if (kept == 0 && row->sysctl_added) gone.set(port.port);
    rows.emplace(port.port, *row);
  }
  // The sysctl before the rows, which are the record of what we added to it.
  if (gone.any()) {
    const Fd lock = lock_reserved_ports();
    const PortSet sysctl = TRY(read_reserved_ports());
    if ((sysctl & gone).any()) TRY(write_reserved_ports(sysctl & ~gone));
  }
  for (const auto &[port, row] : rows) {
    if (row.count != 0) {
      TRY(ports_.update(port, row));
      continue;
    }
    TRY(ports_.erase(port));
    TRY(mark_reserved(port, false));
  }
  return {};
}

} // namespace jails
