#include "jailctl/user_option.h"
#include "jailctl/verb.h"

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/limits.h"
#include "jail/enter.h"
#include "model/spec_options.h"

#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>

namespace jailctl {

using namespace jails;

Result<int> run(const Call &call) {
  constexpr std::string_view kUsage = "jailctl run [options] root command [argument ...]";
  // A name nobody has: there is one of this process.
  Spec spec{.name = TRY(JailName::parse(fmt::format("run-{}", getpid())))};
  supervise::ExecRequest request;
  std::vector<Option> options;
  options.push_back({'n', "name", "NAME", "the jail's name (default run-PID)",
                     [&](std::string_view text) -> Status {
                       spec.name = TRY(JailName::parse(text));
                       return {};
                     },
                     true});
  options.push_back(user_option(request.user));
  add_jail_options(options, {spec.profile, spec.permissions, spec.ports, spec.limits});
  add_net_options(options, spec.net);
  add_mount_option(options, spec.binds);
  const auto parsed = TRY(parse(
      call, kUsage, "Makes a jail around one command and takes it away when the command ends; exits with its status.",
      std::move(options), Operands::EndTheOptions));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 2, SIZE_MAX));
  TRY(need_root(call));
  spec.root = parsed.operands[0];
  TRY(validate(spec));
  TRY(cli::check_limits_of_host(call, spec.limits, spec.root));
  if (const char *term = getenv("TERM"); term != nullptr) request.environment.push_back(std::string("TERM=") + term);
  request.command.assign(parsed.operands.begin() + 1, parsed.operands.end());
  const auto outcome = TRY(run_jail(call.instance, spec, std::move(request)));
  if (!outcome.failure.empty()) fmt::print(stderr, "jailctl: {}\n", outcome.failure);
  return outcome.exit_status;
}

} // namespace jailctl
