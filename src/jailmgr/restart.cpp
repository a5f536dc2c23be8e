#include "jailmgr/verb.h"

#include "jailmgr/bulk.h"
#include "jailmgr/life.h"
#include "jailmgr/preflight.h"
#include "jailmgr/unit.h"

#include <algorithm>
#include <fmt/format.h>

namespace jailmgr {

using namespace jails;

namespace {

Status begin_again(const Instance &instance, const Store &store, const JailName &name) {
  if (!TRY(start_by_unit(instance, name))) {
    const auto lock = TRY(NameLock::acquire(instance, name));
    TRY(bring_up(instance, store, name, With::Command, lock));
  }
  return make_ready(instance, store, name);
}

Status restart_one(const Call &call, const Store &store, const JailName &name) {
  TRY(check_start(call, store, TRY(store.load(name)))); // a jail that could not start again is not stopped
  bool was_up = false;
  {
    const auto lock = TRY(NameLock::acquire(call.instance, name));
    const auto state = TRY(state_of(call.instance, name));
    was_up = state.up();
    if (state.row) TRY(take_down(call.instance, *state.row, lock));
  }
  const Status done = begin_again(call.instance, store, name);
  if (!done && was_up && done.error().kind() != ErrorKind::Busy && !is_running(call.instance, name)) {
    const auto &why = done.error();
    const std::string whose = names_jail(why.text(), name.str()) ? "" : "jail " + name.str() + ": ";
    return fail(why.kind(), fmt::format("{}{}; {} is down now", whose, why.text(), name.str()));
  }
  TRY(Status(done));
  fmt::print("Restarted jail {}\n", name.str());
  return {};
}

} // namespace

Result<int> restart(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr restart [options] name ... | --tag TAG | --all";
  Selection selection;
  std::vector<Option> options;
  add_selection(options, selection, "every jail marked for autostart", true);
  const auto parsed = TRY(parse(call, kUsage,
                                "Stops jails and starts them again, with the configuration as it is now, and waits "
                                "until each is ready. Jails that\nthey depend on go first; those that depend on them "
                                "are left alone.",
                                std::move(options)));
  if (parsed.help) return 0;
  TRY(check_selection(parsed, kUsage, selection));
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  int broken = 0;
  const auto names =
      selection.all ? TRY(marked_jails(call, store, broken)) : TRY(named_jails(store, parsed, selection));
  const auto needs = TRY(read_needs(store));
  const auto good = those_with_needs(call, store, needs, names, broken);
  return std::max(TRY(for_each_in_order(call, good, needs, selection.jobs,
                                        [&](const JailName &name) { return restart_one(call, store, name); })),
                  broken);
}

} // namespace jailmgr
