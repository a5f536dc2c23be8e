#include "jailmgr/verb.h"

#include "cli/limits.h"
#include "jailmgr/bulk.h"
#include "jailmgr/life.h"
#include "jailmgr/unit.h"

#include <algorithm>
#include <fmt/format.h>

namespace jailmgr {

using namespace jails;

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
  const auto act = [&](const JailName &name) -> Status {
    const auto config = TRY(store.load(name));
    TRY(cli::check_limits_of_host(call, config.spec.limits, config.spec.root));
    TRY(store.spec(config)); // a jail that could not start again is not stopped
    {
      const auto lock = TRY(NameLock::acquire(call.instance, name));
      if (const auto state = TRY(state_of(call.instance, name)); state.row)
        TRY(take_down(call.instance, *state.row, lock));
    }
    if (!TRY(start_by_unit(call.instance, name))) {
      const auto lock = TRY(NameLock::acquire(call.instance, name));
      TRY(bring_up(call.instance, store, name, With::Command, lock));
    }
    TRY(make_ready(call.instance, store, name));
    fmt::print("Restarted jail {}\n", name.str());
    return {};
  };
  return std::max(TRY(for_each_in_order(call, names, needs, selection.jobs, act)), broken);
}

} // namespace jailmgr
