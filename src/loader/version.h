// A loaded model of another version: its rows have another layout, so no jail can go from the one to the other.
#pragma once

#include "base/error.h"
#include "loader/place.h"
#include "model/instance.h"

#include <cstdint>

namespace jails::loader {

// May this model go, and what it has put elsewhere. Busy "..., and jails run: db, web; ...": supervisors are alive.
Status leave_version(const Instance &instance, const Place &place, uint32_t version);

} // namespace jails::loader
