#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "cli/limits.h"
#include "jail/limits.h"
#include "jail/registry.h"
#include "model/spec_options.h"
#include "supervise/exec_access.h"

#include <fmt/format.h>

namespace jailctl {

using namespace jails;

Result<int> create(const Call &call) {
  constexpr std::string_view kUsage = "jailctl create [options] -n name root";
  Spec spec{.name = TRY(JailName::parse("x"))};
  std::optional<JailName> name;
  std::vector<Option> options;
  options.push_back({'n', "name", "NAME", "the jail's name",
                     [&](std::string_view text) -> Status {
                       name = TRY(JailName::parse(text));
                       return {};
                     },
                     true});
  add_jail_options(options, {spec.profile, spec.permissions, spec.ports, spec.limits});
  add_action_option(options, spec.reactions);
  add_net_options(options, spec.net);
  add_mount_option(options, spec.binds);
  add_exec_option(options, spec.exec_rules);
  const auto parsed =
      TRY(parse(call, kUsage, "Registers a jail and prints its jid. No process is started.", std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 1, 1));
  if (!name) return fail(ErrorKind::Usage, "a jail needs a name: -n NAME");
  TRY(need_root(call));
  spec.name = *name;
  spec.root = parsed.operands[0];
  TRY(validate(spec));
  TRY(cli::check_limits_of_host(call, spec.limits, spec.root));
  TRY(check_disk(spec));
  TRY(supervise::check_host_users(spec.exec_rules));
  const auto lock = TRY(NameLock::acquire(call.instance, spec.name));
  fmt::print("jail {}\n", TRY(register_jail(call.instance, spec, lock)));
  return 0;
}

} // namespace jailctl
