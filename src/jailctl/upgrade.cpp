#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "jail/upgrade.h"

#include <fmt/format.h>

namespace jailctl {

using namespace jails;

Result<int> upgrade(const Call &call) {
  constexpr std::string_view kUsage = "jailctl upgrade jail";
  const auto parsed = TRY(parse(call, kUsage,
                                "Has a running jail's supervisor become that of this installation, in place: the jail, "
                                "its pids, its output and\ncommands that are carried out in it go on. Where the new "
                                "program does not take over, the old one goes on.",
                                {}));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 1, 1));
  TRY(need_root(call));
  const auto name = TRY(selected_jail(call, parsed.operands[0]));
  const auto lock = TRY(NameLock::acquire(call.instance, name));
  TRY(find_jail(call.instance, name.str()));
  if (TRY_IN(fmt::format("jail {}", name.str()), upgrade_supervisor(call.instance, name, lock)) == Upgrade::Same)
    fmt::print("jail {}: its supervisor is of this installation already\n", name.str());
  return 0;
}

} // namespace jailctl
