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

// The claim that a reservation puts into the row of its port.
inline sj_claim claim_of(Jid jid, const sj_port &port) { return {.jid = jid, .protos = port.protos, .at = port.at}; }

inline std::span<const sj_port> ports_of(const sj_jail &row) {
  return {row.ports, row.nports < SJ_PORTS_MAX ? row.nports : SJ_PORTS_MAX};
}

std::string_view name_of(const sj_jail &row);

} // namespace jails::rows
