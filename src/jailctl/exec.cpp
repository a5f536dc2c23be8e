#include "jailctl/user_option.h"
#include "jailctl/verb.h"

#include "base/text.h"
#include "cli/arguments.h"
#include "jail/enter.h"

#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>

namespace jailctl {

using namespace jails;

namespace {

// Digits select by jid, which only the kernel's table can turn into a name; a name needs no table to be looked at.
Result<JailName> jail_of(const Call &call, std::string_view operand) {
  auto name = JailName::parse(operand);
  return name ? name : selected_jail(call, operand);
}

} // namespace

Result<int> exec(const Call &call) {
  constexpr std::string_view kUsage =
      "jailctl exec [-u user] [-d directory] [-e NAME=VALUE] jail [command [argument ...]]";
  supervise::ExecRequest request;
  std::vector<Option> options;
  options.push_back(user_option(request.user));
  options.push_back({'d', "directory", "DIR", "start in this directory of the jail (default /)",
                     [&](std::string_view text) -> Status {
                       if (!text.starts_with('/'))
                         return fail(ErrorKind::Usage, "must be an absolute path in the jail");
                       request.directory = text;
                       return {};
                     },
                     true});
  options.push_back({'e', "env", "NAME=VALUE",
                     "set in the command's environment, which is clean otherwise; may be repeated",
                     [&](std::string_view text) -> Status {
                       if (text.find('=') == text.npos || text.starts_with('='))
                         return fail(ErrorKind::Usage, fmt::format("'{}': expected NAME=VALUE", printable(text)));
                       request.environment.emplace_back(text);
                       return {};
                     },
                     false});
  const auto parsed = TRY(
      parse(call, kUsage,
            "Runs a command in a jail with our standard streams, its exit status ours; without a command, the user's\n"
            "shell on a terminal of the jail.",
            std::move(options), Operands::EndTheOptions));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 1, SIZE_MAX));
  TRY(need_root(call));
  const auto name = TRY(jail_of(call, parsed.operands[0]));
  if (const char *term = getenv("TERM"); term != nullptr)
    request.environment.insert(request.environment.begin(), std::string("TERM=") + term);
  request.command.assign(parsed.operands.begin() + 1, parsed.operands.end());
  const auto outcome = TRY(exec_in_jail(call.instance, name, std::move(request)));
  if (!outcome.failure.empty()) fmt::print(stderr, "jailctl: {}\n", outcome.failure);
  return outcome.exit_status;
}

} // namespace jailctl
