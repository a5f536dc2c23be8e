#include "jailmgr/verb.h"

#include "jail/upgrade.h"
#include "jailmgr/bulk.h"

#include <fmt/format.h>

namespace jailmgr {

using namespace jails;

Result<int> upgrade_supervisors(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr upgrade-supervisors [options] name ... | --tag TAG | --all";
  Selection selection;
  std::vector<Option> options;
  add_selection(options, selection, "every jail that is up", false);
  const auto parsed = TRY(parse(call, kUsage,
                                "After an installation: has the supervisors of running jails become those of this "
                                "version, in place. The jails go on,\nwith their pids, output and restart state. Where "
                                "the new program does not take over, the old one goes on.",
                                std::move(options)));
  if (parsed.help) return 0;
  TRY(check_selection(parsed, kUsage, selection));
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  auto names = selection.all ? TRY(store.names()) : TRY(named_jails(store, parsed, selection));
  if (selection.all) std::erase_if(names, [&](const JailName &name) { return !is_running(call.instance, name); });
  return for_each_jail(call, names, [&](const JailName &name) -> Status {
    TRY(store.require(name));
    const auto lock = TRY(NameLock::acquire(call.instance, name));
    const bool same = TRY(upgrade_supervisor(call.instance, name, lock)) == Upgrade::Same;
    fmt::print("{} jail {}\n", same ? "Left as it is, of this version already:" : "Upgraded the supervisor of",
               name.str());
    return {};
  });
}

} // namespace jailmgr
