#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "jail/control.h"

namespace jailctl {

using namespace jails;

static Result<int> change(const Call &call, std::string_view usage, std::string_view about, bool stop) {
  const auto parsed = TRY(parse(call, usage, about, {}));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, usage, 1, 1));
  TRY(need_root(call));
  TRY(freeze_jail(call.instance, TRY(selected_jail(call, parsed.operands[0])), stop));
  return 0;
}

Result<int> freeze(const Call &call) {
  return change(call, "jailctl freeze jail",
                "Stops every process of a running jail where it is, until thaw. It keeps its memory and sockets.",
                true);
}

Result<int> thaw(const Call &call) { return change(call, "jailctl thaw jail", "Lets a frozen jail go on.", false); }

} // namespace jailctl
