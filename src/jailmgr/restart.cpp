#include "jailmgr/verb.h"

#include "cli/limits.h"
#include "jailmgr/bulk.h"
#include "jailmgr/life.h"

#include <algorithm>
#include <fmt/format.h>

namespace jailmgr {

using namespace jails;

Result<int> restart(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr restart name ... | --all";
  bool all = false;
  std::vector<Option> options;
  options.push_back({0, "all", nullptr, "every jail marked for autostart", set_flag(all), true});
  const auto parsed = TRY(parse(call, kUsage, "Stops jails and starts them again, with the configuration as it is now.",
                                std::move(options)));
  if (parsed.help) return 0;
  auto names = TRY(named_jails(parsed, kUsage, all));
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  int broken = 0;
  if (all) {
    for (const auto &name : TRY(store.names())) {
      const auto config = store.load(name);
      if (config && config->autostart) names.push_back(name);
      if (config) continue;
      cli::report(call.program, config.error()); // whether it is meant to run cannot be told; the others can
      broken = 1;
    }
  }
  const int status = for_each_jail(call, names, [&](const JailName &name) -> Status {
    const auto config = TRY(store.load(name));
    TRY(cli::check_limits_of_host(call, config.spec.limits, config.spec.root));
    TRY(store.spec(config)); // a jail that could not start again is not stopped
    const auto lock = TRY(NameLock::acquire(call.instance, name));
    if (const auto state = TRY(state_of(call.instance, name)); state.row)
      TRY(take_down(call.instance, *state.row, lock));
    TRY(bring_up(call.instance, store, name, With::Command, lock));
    fmt::print("Restarted jail {}\n", name.str());
    return {};
  });
  return std::max(status, broken);
}

} // namespace jailmgr
