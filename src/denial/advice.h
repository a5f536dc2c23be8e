// What would allow what was refused: the smallest change of a jail's configuration, or that there is none.
#pragma once

#include "model/permissions.h"
#include "secmodel/ledger.h"
#include "secmodel/tables.h"

#include <span>
#include <string>

namespace jails::denial {

struct Advice {
  std::string setting; // a line of jail.toml, like `ports = ["tcp/80"]`; empty: no setting allows it
  std::string reason;  // what the setting does, or why there is none
};

// jail: whom it was refused; permissions: those in force there; jails: all, for the owner of a port.
Advice advise(const Denial &denial, const JailRow &jail, PermissionSet permissions, std::span<const JailRow> jails);

// "ports = [...] - why", or "nothing: why".
std::string advice_text(const Advice &advice);

} // namespace jails::denial
