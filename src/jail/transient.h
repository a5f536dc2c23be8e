// A jail that lasts as long as somebody serves it.
#pragma once

#include "base/error.h"
#include "jail/registry.h"
#include "supervise/supervisor.h"

#include <functional>

namespace jails {

// Registers the jail, calls `serve` with its supervisor, which this process then is, and leaves nothing of it. Others
// can act on the jail (exec, stop) once serve has called `unlock`.
using Serve = std::move_only_function<Status(supervise::Supervisor &, const std::function<void()> &unlock)>;
Status transient_jail(const Instance &instance, const Spec &spec, Serve serve);

} // namespace jails
