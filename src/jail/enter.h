// Running a command in a jail: in one that runs (exec), or in a transient one of its own (run).
#pragma once

#include "base/error.h"
#include "jail/registry.h"
#include "supervise/protocol.h"

namespace jails {

// What became of the command. failure: it never ran, and why.
struct Outcome {
  int exit_status = 0; // 128 + N when signal N ended it; 126, 127 when it never ran
  std::string failure;
};

// Uses this process's standard streams and forwards its signals; a jail without supervisor gets an idle one first.
// request.stdio, rows and columns are filled in here.
Result<Outcome> exec_in_jail(const Instance &instance, const JailName &name, supervise::ExecRequest request);

// The same for a user of the host, in a jail that runs and whose rules let him in. request.user: as one of them has it;
// empty: what the first one gives.
Result<Outcome> exec_as_user(const Instance &instance, const JailName &name, supervise::ExecRequest request);

// Registers the jail, runs request.command in it in the foreground with this process as its supervisor, and leaves
// nothing of it.
Result<Outcome> run_jail(const Instance &instance, const Spec &spec, supervise::ExecRequest request);

} // namespace jails
