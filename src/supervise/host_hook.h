// Hooks on the host (host_run.h): what they are told, and those that are waited for.
#pragma once

#include "base/error.h"
#include "model/instance.h"
#include "model/spec.h"
#include "supervise/host_run.h"

#include <string>
#include <sys/types.h>

namespace jails::supervise {

// anchor: 0 while there is none.
HostRun::Order hook_order(const Instance &instance, const Spec &spec, Jid jid, HookPoint point, pid_t anchor);

// Runs them here and now: "hook prestart: /usr/sbin/x: exited with status 1: no disk".
Status run_host_hooks(const Instance &instance, const Spec &spec, Jid jid, HookPoint point);

// RUN/NAME/poststop: those of poststop are due, whatever becomes of this process.
std::string poststop_file(const Instance &instance, const JailName &name);
// Runs them if they are due; a failure is told by the result, and is no reason to run them again.
Status run_poststop(const Instance &instance, const Spec &spec, Jid jid);

} // namespace jails::supervise
