#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "cli/limits.h"
#include "jail/control.h"
#include "model/spec_options.h"

#include <fmt/format.h>

namespace jailctl {

using namespace jails;

Result<int> supervise(const Call &call) {
  constexpr std::string_view kUsage = "jailctl supervise [options] jail command [argument ...]";
  LogSpec log;
  Restart restart;
  std::vector<Option> options;
  add_log_options(options, log);
  add_restart_options(options, restart);
  std::vector<ExecRule> exec_rules;
  add_exec_option(options, exec_rules);
  const auto parsed = TRY(
      parse(call, kUsage,
            "Becomes the parent of the command on the host, in the background: restarts it, forwards its output to\n"
            "syslog. Prints the jid once the command runs.",
            std::move(options), Operands::EndTheOptions));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 2, SIZE_MAX));
  TRY(check_restart(restart));
  TRY(need_root(call));
  const auto name = TRY(selected_jail(call, parsed.operands[0]));
  const auto lock = TRY(NameLock::acquire(call.instance, name));
  auto row = TRY(find_jail(call.instance, name.str()));
  if (is_running(call.instance, name)) {
    const auto status = supervisor_status(call.instance, name);
    if (status || status.error().kind() != ErrorKind::NotFound)
      return fail(ErrorKind::Busy, fmt::format("jail {} is already running", name.str()));
    row = TRY(find_jail(call.instance, name.str())); // it ended meanwhile
  }
  TRY(recover_jail(call.instance, row, lock));
  auto spec = TRY(registered_spec(call.instance, name));
  spec.command.assign(parsed.operands.begin() + 1, parsed.operands.end());
  spec.log = log;
  spec.restart = restart;
  if (!exec_rules.empty()) spec.exec_rules = exec_rules; // in place of those that it was registered with
  TRY(cli::check_limits_of_host(call, spec.limits, spec.root));
  TRY_IN(fmt::format("jail {}", name.str()), start_supervisor(call.instance, row.jid, spec));
  fmt::print("jail {}\n", row.jid);
  return 0;
}

} // namespace jailctl
