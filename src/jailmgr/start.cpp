#include "jailmgr/verb.h"

#include "cli/limits.h"
#include "jailmgr/bulk.h"
#include "jailmgr/life.h"

#include <algorithm>
#include <fmt/format.h>

namespace jailmgr {

using namespace jails;

namespace {

Result<int> start_all(const Call &call, const Store &store) {
  int broken = 0;
  std::vector<JailName> wanted;
  for (const auto &name : TRY(store.names())) {
    const auto config = store.load(name);
    if (config && config->autostart) wanted.push_back(name);
    if (config) continue;
    cli::report(call.program, config.error());
    broken = 1;
  }
  const int status = for_each_jail(call, wanted, [&](const JailName &name) -> Status {
    const auto state = TRY(state_of(call.instance, name));
    if (state.up() && state.word != "idle") return {};
    const auto config = TRY(store.load(name));
    TRY(cli::check_limits_of_host(call, config.spec.limits, config.spec.root));
    const Status started = start_jail(call.instance, store, name);
    if (!started && started.error().kind() == ErrorKind::Busy && state.up()) return {}; // idle, and meant to be
    TRY(started);
    fmt::print("Started jail {}\n", name.str());
    return {};
  });
  return std::max(status, broken);
}

} // namespace

Result<int> start(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr start name ... | --all";
  bool all = false;
  std::vector<Option> options;
  options.push_back(
      {0, "all", nullptr, "every jail marked for autostart; those that run are left alone", set_flag(all), true});
  const auto parsed =
      TRY(parse(call, kUsage, "Registers the jails and runs their commands under supervision.", std::move(options)));
  if (parsed.help) return 0;
  const auto names = TRY(named_jails(parsed, kUsage, all));
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  TRY(store.clean());
  if (all) return start_all(call, store);
  return for_each_jail(call, names, [&](const JailName &name) -> Status {
    TRY(store.require(name));
    const auto config = TRY(store.load(name));
    TRY(cli::check_limits_of_host(call, config.spec.limits, config.spec.root));
    TRY(start_jail(call.instance, store, name));
    fmt::print("Started jail {}\n", name.str());
    return {};
  });
}

} // namespace jailmgr
