#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "jail/control.h"

#include <fmt/format.h>

namespace jailctl {

using namespace jails;

Result<int> stop(const Call &call) {
  constexpr std::string_view kUsage = "jailctl stop jail";
  const auto parsed =
      TRY(parse(call, kUsage,
                "SIGTERM to the command, the jail's grace, then the whole jail is killed. It stays registered.", {}));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 1, 1));
  TRY(need_root(call));
  const auto found = find_jail(call.instance, parsed.operands[0]);
  if (!found && found.error().kind() == ErrorKind::Unsupported) { // a model of another version
    const auto name = TRY(JailName::parse(parsed.operands[0]));
    TRY(stop_foreign(call.instance, name, TRY(NameLock::acquire(call.instance, name))));
    return 0;
  }
  const auto name = TRY(selected_jail(call, parsed.operands[0]));
  const auto lock = TRY(NameLock::acquire(call.instance, name));
  const auto row = TRY(find_jail(call.instance, name.str()));
  TRY(recover_jail(call.instance, row, lock));
  TRY(stop_supervisor(call.instance, row, supervise::kOwnGrace, lock));
  return 0;
}

} // namespace jailctl
