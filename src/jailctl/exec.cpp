#include "jailctl/user_option.h"
#include "jailctl/verb.h"

#include "base/text.h"
#include "cli/arguments.h"
#include "jail/enter.h"
#include "jail/public_list.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>

namespace jailctl {

using namespace jails;

namespace {

// Digits select by jid, which only the kernel's table can turn into a name, or for a user the public list; a name needs
// neither to be looked at.
Result<JailName> jail_of(const Call &call, std::string_view operand) {
  auto name = JailName::parse(operand);
  if (name) return name;
  if (geteuid() == 0) return selected_jail(call, operand);
  const auto jid = parse_int<Jid>(operand);
  if (!jid) return name;
  for (const auto &jail : TRY(read_public_list(call.instance)))
    if (jail.row.jid == *jid) return JailName::parse(jail.row.name);
  return fail(ErrorKind::NotFound, fmt::format("there is no jail {}", *jid));
}

Result<Outcome> exec_as(const Call &call, const JailName &name, supervise::ExecRequest request) {
  if (geteuid() == 0) return exec_in_jail(call.instance, name, std::move(request));
  auto outcome = exec_as_user(call.instance, name, std::move(request));
  if (!outcome && outcome.error().sys_errno() == ENOENT)
    return fail(ErrorKind::Denied, fmt::format("{}: must be root: {}", call.argv[0], outcome.error().text()));
  return outcome;
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
  const auto name = TRY(jail_of(call, parsed.operands[0]));
  if (const char *term = getenv("TERM"); term != nullptr)
    request.environment.insert(request.environment.begin(), std::string("TERM=") + term);
  request.command.assign(parsed.operands.begin() + 1, parsed.operands.end());
  const auto outcome = TRY(exec_as(call, name, std::move(request)));
  if (!outcome.failure.empty()) fmt::print(stderr, "jailctl: {}\n", outcome.failure);
  return outcome.exit_status;
}

} // namespace jailctl
