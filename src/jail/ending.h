// How a jail ended, as far as the journal and the tables tell.
#pragma once

#include "base/error.h"
#include "journal/event.h"
#include "model/instance.h"
#include "secmodel/tables.h"

#include <optional>

namespace jails {

// Its last end. That of a supervisor that was killed, or of a host that went down, may not have been entered yet: it is
// told here all the same. Nothing: it never ended, or runs for the first time.
Result<std::optional<journal::Event>> last_end(const Instance &instance, const JailName &name);

// Is a registered jail that does not run one that failed: given up because it ended too often, or its supervisor was
// killed? The end, if so.
std::optional<journal::Event> failure_of(const Instance &instance, const JailRow &row);

} // namespace jails
