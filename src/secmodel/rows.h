// Between the rows of the kernel's tables and the values of the model.
#pragma once

#include "model/port.h"
#include "secmodel/tables.h"

#include "abi/secmodel_jail.h"

#include <span>
#include <string_view>

namespace jails::rows {

sj_port to_row(const PortReservation &port);
PortReservation from_row(const sj_port &port);
JailRow from_row(Jid jid, const sj_jail &row);
IpAddress from_row(const sj_addr &row);

// The claim that a reservation puts into the row of its port.
inline sj_claim claim_of(Jid jid, const sj_port &port) { return {.jid = jid, .protos = port.protos, .at = port.at}; }

inline std::span<const sj_port> ports_of(const sj_jail &row) {
  return {row.ports, row.nports < SJ_PORTS_MAX ? row.nports : SJ_PORTS_MAX};
}

// A grant's key in the table, and the address words of the kernel's side.
sj_grant_key key_of(Jid jid, const sj_grant &grant);
sj_member member_of(Jid jid, const sj_jail &row);
void put_net(sj_jail &row, const NetSpec &net); // one that check_net() accepts

inline std::span<const sj_grant> grants_of(const sj_jail &row) {
  return {row.grants, row.ngrants < SJ_GRANTS_MAX ? row.ngrants : SJ_GRANTS_MAX};
}

std::string_view name_of(const sj_jail &row);

} // namespace jails::rows
