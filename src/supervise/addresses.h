// The addresses that a jail is pinned to, asked at its start.
#pragma once

#include "base/error.h"
#include "model/address.h"

#include <span>

namespace jails::supervise {

// NotFound "address 10.0.0.9: this host does not have it", for the first that cannot be bound.
Status check_addresses(std::span<const IpAddress> addresses);

} // namespace jails::supervise
