// Is a running jail as isolated as its profile says? Tried from inside, in scratch processes of it, against canaries on
// the host and a decoy jail, and looked at from outside.
#pragma once

#include "model/instance.h"
#include "secmodel/tables.h"
#include "verify/report.h"

namespace jails::verify {

// Needs root and a process with one thread; takes well under a second as a rule, at most some ten when the jail hinders
// it. Nothing is left on the host, in the jail or in the kernel. NotFound: the jail does not run. Busy: it was stopped
// or restarted meanwhile. A probe that cannot
// be started is an error too; everything else is a row.
Result<Report> verify_jail(const Instance &instance, const JailRow &row);

} // namespace jails::verify
