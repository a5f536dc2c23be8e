// Who on the host listens on a port: asked before a jail gets it.
#pragma once

#include "base/error.h"
#include "model/port.h"

#include <span>

namespace jails {

// Exists "port 8080 is in use by nginx (pid 12)" when a process of the host's network namespace has one of the ports
// bound at an address that the reservation covers.
Status check_ports_free(std::span<const PortReservation> ports);

// Does anyone listen there (TCP), or have it bound (UDP)?
Result<bool> is_served(const PortReservation &port);

} // namespace jails
