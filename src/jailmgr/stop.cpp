#include "jailmgr/verb.h"

#include "jailmgr/bulk.h"
#include "jailmgr/life.h"

#include <algorithm>
#include <fmt/format.h>

namespace jailmgr {

using namespace jails;

Result<int> stop(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr stop [options] name ... | --tag TAG | --all";
  Selection selection;
  std::vector<Option> options;
  add_selection(options, selection, "every jail that is up, autostart or not", true);
  bool shutdown = false; // read by the supervisors, from our command line
  options.push_back(
      {0, "shutdown", nullptr, "because the host goes down: what 'last' is to say", set_flag(shutdown), true});
  const auto parsed = TRY(parse(call, kUsage,
                                "SIGTERM to the command, the jail's grace, then everything in the jail is killed; the "
                                "jail is unregistered. Jails\n"
                                "that depend on it and are up are stopped before it.",
                                std::move(options)));
  if (parsed.help) return 0;
  TRY(check_selection(parsed, kUsage, selection));
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  const auto named = TRY(named_jails(store, parsed, selection));
  auto dependents = reversed(TRY(read_needs(store)));
  auto names = selection.all ? TRY(store.names()) : TRY(with_dependencies(dependents, named));
  std::erase_if(names, [&](const JailName &name) {
    return std::ranges::find(named, name) == named.end() && !find_jail(call.instance, name.str()) &&
           !is_running(call.instance, name); // under a model of another version
  });
  std::vector<std::string> words;
  for (const auto &name : names) words.push_back(name.str());
  if (const auto order = in_order(dependents, words); !order) { // a loop must not keep them up
    cli::report(call.program, order.error());
    dependents.clear();
  }
  return for_each_in_order(call, names, dependents, selection.jobs, [&](const JailName &name) -> Status {
    TRY(store.require(name));
    TRY(stop_jail(call.instance, name));
    fmt::print("Stopped jail {}\n", name.str());
    return {};
  });
}

} // namespace jailmgr
