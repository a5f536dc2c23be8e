// The verbs of jailmgr: a line in main's table and a file each.
#pragma once

#include "cli/program.h"

namespace jailmgr {

using jails::cli::Call;

jails::Result<int> apply(const Call &call);
jails::Result<int> bootstrap(const Call &call);
jails::Result<int> clone(const Call &call);
jails::Result<int> config(const Call &call);
jails::Result<int> create(const Call &call);
jails::Result<int> destroy(const Call &call);
jails::Result<int> last(const Call &call);
jails::Result<int> list(const Call &call);
jails::Result<int> logs(const Call &call);
jails::Result<int> plan(const Call &call);
jails::Result<int> rename(const Call &call);
jails::Result<int> restart(const Call &call);
jails::Result<int> serve(const Call &call);
jails::Result<int> set(const Call &call);
jails::Result<int> start(const Call &call);
jails::Result<int> status(const Call &call);
jails::Result<int> stop(const Call &call);
jails::Result<int> up(const Call &call);
jails::Result<int> upgrade_supervisors(const Call &call);
jails::Result<int> validate(const Call &call);

} // namespace jailmgr
