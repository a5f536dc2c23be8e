#include "jailmgr/verb.h"

#include "jailmgr/bulk.h"
#include "jailmgr/life.h"

#include <fmt/format.h>

namespace jailmgr {

using namespace jails;

Result<int> stop(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr stop name ... | --all";
  bool all = false;
  std::vector<Option> options;
  options.push_back({0, "all", nullptr, "every jail that is up, autostart or not", set_flag(all), true});
  const auto parsed = TRY(parse(
      call, kUsage,
      "SIGTERM to the command, the jail's grace, then everything in the jail is killed; the jail is unregistered.",
      std::move(options)));
  if (parsed.help) return 0;
  auto names = TRY(named_jails(parsed, kUsage, all));
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  if (all)
    for (const auto &name : TRY(store.names()))
      if (find_jail(call.instance, name.str())) names.push_back(name); // nobody is asked who may not answer
  return for_each_jail(call, names, [&](const JailName &name) -> Status {
    TRY(store.require(name));
    TRY(stop_jail(call.instance, name));
    fmt::print("Stopped jail {}\n", name.str());
    return {};
  });
}

} // namespace jailmgr
