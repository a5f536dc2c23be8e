#include "jailmgr/verb.h"

#include "cli/limits.h"
#include "jailmgr/bulk.h"
#include "jailmgr/life.h"
#include "jailmgr/unit.h"

#include <algorithm>
#include <fmt/format.h>

namespace jailmgr {

using namespace jails;

namespace {

// What is up is left alone, as is a jail that is up without its command because somebody works there.
Status start_one(const Call &call, const Store &store, const JailName &name, bool named) {
  const Instance &instance = call.instance;
  TRY(store.require(name));
  if (!named) {
    const auto state = TRY(state_of(instance, name));
    if (state.up() && state.word != "idle") return {};
  }
  const auto config = TRY(store.load(name));
  TRY(cli::check_limits_of_host(call, config.spec.limits, config.spec.root));
  if (!TRY(state_of(instance, name)).up() && TRY(start_by_unit(instance, name))) {
    fmt::print("Started jail {}\n", name.str());
    return {};
  }
  const Status started = start_jail(instance, store, name);
  if (!started && !named && started.error().kind() == ErrorKind::Busy) return {};
  TRY(started);
  TRY(make_ready(instance, store, name));
  fmt::print("Started jail {}\n", name.str());
  return {};
}

} // namespace

Result<int> start(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr start [options] name ... | --tag TAG | --all";
  Selection selection;
  std::vector<Option> options;
  add_selection(options, selection, "every jail marked for autostart; those that run are left alone", true);
  const auto parsed = TRY(parse(call, kUsage,
                                "Registers the jails and runs their commands under supervision, after the jails that "
                                "they depend on, and waits\nuntil each is ready.",
                                std::move(options)));
  if (parsed.help) return 0;
  TRY(check_selection(parsed, kUsage, selection));
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  TRY(store.clean());
  int broken = 0;
  const auto names =
      selection.all ? TRY(marked_jails(call, store, broken)) : TRY(named_jails(store, parsed, selection));
  const auto needs = TRY(read_needs(store));
  const auto all = TRY(with_dependencies(needs, those_with_needs(call, store, needs, names, broken)));
  const bool named = !selection.all;
  const int status = TRY(for_each_in_order(call, all, needs, selection.jobs, [&](const JailName &name) {
    auto done = start_one(call, store, name, named && std::ranges::find(names, name) != names.end());
    if (!done) tell_starter(call.instance, name, done.error());
    return done;
  }));
  return std::max(status, broken);
}

} // namespace jailmgr
