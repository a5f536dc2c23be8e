#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "cli/limits.h"

namespace jailctl {

using namespace jails;

Result<int> set(const Call &call) {
  constexpr std::string_view kUsage = "jailctl set jail limit=value ...";
  const auto parsed = TRY(parse(call, kUsage,
                                "Changes the limits of a jail while it runs, all of them or none: memory=1G cpu=1.5 "
                                "io-read=50M.\nThe value 'none' takes a limit away. Each is read back from the kernel. "
                                "'jailmgr set' changes the\nconfiguration as well.",
                                {}));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 2, SIZE_MAX));
  TRY(need_root(call));
  const std::span words(parsed.operands.begin() + 1, parsed.operands.end());
  const auto name = TRY(selected_jail(call, parsed.operands[0]));
  const auto lock = TRY(NameLock::acquire(call.instance, name));
  TRY(cli::change_registered(call, TRY(find_jail(call.instance, name.str())), words, lock));
  return 0;
}

} // namespace jailctl
