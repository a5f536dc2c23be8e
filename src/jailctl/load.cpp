#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "jail/public_list.h"
#include "jail/registry.h"
#include "loader/loader.h"

#include <fmt/format.h>

namespace jailctl {

using namespace jails;

Result<int> load(const Call &call) {
  constexpr std::string_view kUsage = "jailctl load";
  const auto parsed = TRY(
      parse(call, kUsage,
            "Loads secmodel_jail, or replaces the programs of a loaded one by those of this version. Jails stay.", {}));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 0, 0));
  TRY(need_root(call));
  const auto lock = TRY(instance_lock(call.instance));
  const auto report = TRY(load_secmodel(call.instance));
  if (report.mounted_bpffs) fmt::print("mounted bpffs at /sys/fs/bpf\n");
  if (report.cleared) fmt::print("cleared an unfinished load\n");
  for (const auto &line : report.repaired) fmt::print("repaired: {}\n", line);
  for (const auto &line : report.notes) fmt::print("note: {}\n", line);
  fmt::print("{}\n", report.already_loaded ? "secmodel_jail is already loaded" : "secmodel_jail is loaded");
  return 0;
}

Result<int> unload(const Call &call) {
  constexpr std::string_view kUsage = "jailctl unload";
  const auto parsed = TRY(parse(call, kUsage, "Takes secmodel_jail out of the kernel. Refused while jails exist.", {}));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 0, 0));
  TRY(need_root(call));
  const auto lock = TRY(instance_lock(call.instance));
  TRY(unload_secmodel(call.instance));
  withdraw_list(call.instance);
  fmt::print("secmodel_jail is unloaded\n");
  return 0;
}

} // namespace jailctl
