// One verb of jailctl: a line in main's table and a file of its own.
#pragma once

#include "base/error.h"
#include "model/instance.h"

namespace jailctl {

struct Call {
  const jails::Instance &instance;
  int argc;    // of the verb: argv[0] is its name
  char **argv;
};

struct Verb {
  const char *name;
  const char *summary;
  jails::Result<int> (*run)(const Call &call); // exit status
};

jails::Result<int> create(const Call &call);
jails::Result<int> destroy(const Call &call);
jails::Result<int> exec(const Call &call);
jails::Result<int> features(const Call &call);
jails::Result<int> list(const Call &call);
jails::Result<int> load(const Call &call);
jails::Result<int> run(const Call &call);
jails::Result<int> stats(const Call &call);
jails::Result<int> stop(const Call &call);
jails::Result<int> supervise(const Call &call);
jails::Result<int> unload(const Call &call);

} // namespace jailctl
