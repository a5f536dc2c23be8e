// A tool made of verbs: a table, a file for each verb, and errors printed in one place.
#pragma once

#include "base/error.h"
#include "model/instance.h"

#include <span>

namespace jails::cli {

struct Call {
  const char *program; // "jailctl"
  const Instance &instance;
  int argc; // of the verb: argv[0] is its name
  char **argv;
};

struct Verb {
  const char *name;
  const char *summary;
  Result<int> (*run)(const Call &call); // exit status
};

// The whole of main(): help, --version, the verb. Prints an error as "PROGRAM: TEXT"; exit status 2 for a wrong command
// line, 1 for a failure.
int run_program(const char *program, std::span<const Verb> verbs, int argc, char **argv);

// "PROGRAM: TEXT" on standard error, and the exit status for it. For a verb that goes on after an error.
int report(const char *program, const Error &error);

} // namespace jails::cli
