// The verbs of jailctl: a line in main's table and a file each.
#pragma once

#include "cli/program.h"

namespace jailctl {

using jails::cli::Call;

jails::Result<int> create(const Call &call);
jails::Result<int> destroy(const Call &call);
jails::Result<int> events(const Call &call);
jails::Result<int> exec(const Call &call);
jails::Result<int> features(const Call &call);
jails::Result<int> freeze(const Call &call);
jails::Result<int> health(const Call &call);
jails::Result<int> last(const Call &call);
jails::Result<int> limits(const Call &call);
jails::Result<int> list(const Call &call);
jails::Result<int> load(const Call &call);
jails::Result<int> profile(const Call &call);
jails::Result<int> ps(const Call &call);
jails::Result<int> run(const Call &call);
jails::Result<int> set(const Call &call);
jails::Result<int> show(const Call &call);
jails::Result<int> sockets(const Call &call);
jails::Result<int> stats(const Call &call);
jails::Result<int> stop(const Call &call);
jails::Result<int> supervise(const Call &call);
jails::Result<int> thaw(const Call &call);
jails::Result<int> top(const Call &call);
jails::Result<int> unload(const Call &call);
jails::Result<int> upgrade(const Call &call);
jails::Result<int> verify(const Call &call);
jails::Result<int> why(const Call &call);

} // namespace jailctl
