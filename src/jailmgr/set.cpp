#include "jailmgr/verb.h"

#include "cli/arguments.h"
#include "cli/limits.h"
#include "config/edit.h"
#include "config/file.h"
#include "jailmgr/disk.h"
#include "jailmgr/store.h"

#include <fmt/format.h>

namespace jailmgr {

using namespace jails;

Result<int> set(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr set name limit=value ...";
  const auto parsed =
      TRY(parse(call, kUsage,
                "Changes limits in a jail's configuration and, if it runs, in the running jail: memory=1G cpu=1.5\n"
                "io-read=50M. The value 'none' takes a limit away. Nothing else in the file is touched.",
                {}));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 2, SIZE_MAX));
  const auto name = TRY(JailName::parse(parsed.operands[0]));
  const std::span words(parsed.operands.begin() + 1, parsed.operands.end());
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  TRY(store.require(name));
  const auto lock = TRY(NameLock::acquire(call.instance, name));
  const std::string file = TRY(store.config_file(name));
  const auto common = TRY(store.common());
  const std::string text = TRY(edit_limits(TRY(read_file(file)), file, name, store.default_root(name), words, common));
  const auto config = TRY(parse_jail(text, file, name, store.default_root(name), common));
  TRY(check_disk(store, config));
  // The running jail first: what it cannot hold must not be what the next start finds.
  const auto row = find_jail(call.instance, name.str());
  if (row && row->root == config.spec.root)
    TRY(cli::change_registered(call, *row, words, lock));
  else
    TRY(cli::check_limits_of_host(call, config.spec.limits, config.spec.root));
  TRY_IN("the running jail has the new limits, its configuration has not", write_file(file, text));
  fmt::print("Changed the configuration of jail {}\n", name.str());
  return 0;
}

} // namespace jailmgr
