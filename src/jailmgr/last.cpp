#include "jailmgr/verb.h"

#include "cli/journal.h"
#include "jailmgr/bulk.h"

namespace jailmgr {

using namespace jails;

Result<int> last(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr last [-j] [-n NUMBER] name ... | --tag TAG | --all";
  cli::LastOptions last_options;
  Selection selection;
  std::vector<Option> options;
  add_selection(options, selection, "every jail", false);
  add_last_options(options, last_options);
  const auto parsed =
      TRY(parse(call, kUsage, "Why jails ended last, when, and after how long, with the last lines of their logs.",
                std::move(options)));
  if (parsed.help) return 0;
  TRY(check_selection(parsed, kUsage, selection));
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  const auto names = selection.all ? TRY(store.names()) : TRY(named_jails(store, parsed, selection));
  for (const auto &name : names) TRY(store.require(name));
  return cli::print_last(call, names, last_options, [](const JailName &) { return true; });
}

} // namespace jailmgr
