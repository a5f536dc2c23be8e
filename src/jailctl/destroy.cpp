#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "cli/members.h"
#include "jail/control.h"

#include <fmt/format.h>

namespace jailctl {

using namespace jails;

Result<int> destroy(const Call &call) {
  constexpr std::string_view kUsage = "jailctl destroy jail";
  const auto parsed = TRY(parse(call, kUsage, "Frees a jail's name and ports. Refused while it has processes.", {}));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 1, 1));
  TRY(need_root(call));
  const auto name = TRY(selected_jail(call, parsed.operands[0]));
  const auto lock = TRY(NameLock::acquire(call.instance, name));
  auto row = TRY(find_jail(call.instance, name.str()));
  if (is_running(call.instance, name)) {
    const auto status = supervisor_status(call.instance, name);
    if (!status && status.error().kind() != ErrorKind::NotFound) return std::unexpected(status.error());
    if (status) {
      const size_t count = TRY(cli::count_members(call.instance, row));
      if (count != 0 || status->state != "idle")
        return fail(ErrorKind::Busy, fmt::format("jail {} is busy: {} {}; stop it first (jailctl stop {})", name.str(),
                                                 count, count == 1 ? "process" : "processes", name.str()));
      const Status stopped = stop_supervisor(call.instance, row, 0, lock);
      if (!stopped && stopped.error().kind() != ErrorKind::NotFound) return std::unexpected(stopped.error());
    }
    row = TRY(find_jail(call.instance, name.str()));
  }
  TRY(recover_jail(call.instance, row, lock));
  TRY(unregister_jail(call.instance, row, lock));
  return 0;
}

} // namespace jailctl
