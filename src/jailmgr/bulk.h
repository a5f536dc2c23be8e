// Verbs that take several jails: which, in which order, several at a time.
#pragma once

#include "base/error.h"
#include "cli/arguments.h"
#include "jailmgr/store.h"
#include "model/ids.h"
#include "model/order.h"

#include <functional>
#include <span>
#include <vector>

namespace jailmgr {

// What the command line says of which jails are meant.
struct Selection {
  bool all = false;
  std::vector<std::string> tags; // jails that bear one of them
  uint64_t jobs = 0;             // jails at a time; 0: as many as there are CPUs
};
// --all, --tag and, for verbs that run several at a time, --jobs. `all` describes what --all means.
void add_selection(std::vector<jails::Option> &options, Selection &to, const char *all, bool with_jobs);

// What is wrong with the words themselves. Usage: nothing given, --all with more, or a name that none can be.
jails::Status check_selection(const jails::cli::Parsed &parsed, std::string_view usage, const Selection &selection);

// The operands, in their order, each once: names, or globs over the names that exist (a glob that matches nothing is
// NotFound); then what --tag adds. Empty with --all. existing: those that globs and tags are about; null: that are
// made.
jails::Result<std::vector<jails::JailName>> named_jails(const Store &store, const jails::cli::Parsed &parsed,
                                                        const Selection &selection,
                                                        const std::vector<jails::JailName> *existing = nullptr);

// Jails marked for autostart; a configuration that cannot be read, or one that is only declared, is reported, and
// `broken` set to 1.
jails::Result<std::vector<jails::JailName>> marked_jails(const jails::cli::Call &call, const Store &store, int &broken);

// Those of `names` that can be put into order: what one of the others needs that there is not, and loops, are reported
// for it, with where that stands, and `broken` set to 1.
std::vector<jails::JailName> those_with_needs(const jails::cli::Call &call, const Store &store,
                                              const jails::Needs &needs, const std::vector<jails::JailName> &names,
                                              int &broken);

// `names` and all that they need. NotFound: something that there is not.
jails::Result<std::vector<jails::JailName>> with_dependencies(const jails::Needs &needs,
                                                              const std::vector<jails::JailName> &names);

// Who depends on whom, from every configuration that can be read.
jails::Result<jails::Needs> read_needs(const Store &store);

// Whether a text says which jail it is about: has its name as a word, as "address" has not that of a jail "a".
bool names_jail(std::string_view text, std::string_view name);

// Does it for each; a failure is printed with the jail's name and the next one is taken. Exit status: 1 if one failed.
using Act = std::function<jails::Status(const jails::JailName &)>;
int for_each_jail(const jails::cli::Call &call, std::span<const jails::JailName> names, const Act &act);

// The same for jails that wait for one another: each after those of `names` that it needs, several at a time (each in a
// process of its own). What a failed one was needed for is not done, and said so. Malformed: a loop.
jails::Result<int> for_each_in_order(const jails::cli::Call &call, const std::vector<jails::JailName> &names,
                                     const jails::Needs &needs, uint64_t jobs, const Act &act);

} // namespace jailmgr
