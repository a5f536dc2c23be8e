#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "cli/members.h"
#include "jail/registry.h"
#include "secmodel/telemetry.h"

#include <fmt/format.h>

namespace jailctl {

using namespace jails;

Result<int> list(const Call &call) {
  constexpr std::string_view kUsage = "jailctl list [-T [-H]]";
  bool tabs = false;
  bool bare = false;
  std::vector<Option> options;
  options.push_back({'T', "tsv", nullptr, "tab-separated, stable columns", set_flag(tabs), true});
  options.push_back({'H', "no-header", nullptr, "without the header line; with -T", set_flag(bare), true});
  const auto parsed = TRY(parse(call, kUsage, "Lists the registered jails.", std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 0, 0));
  if (bare && !tabs) return fail(ErrorKind::Usage, "-H needs -T");
  const auto usage = TRY(TRY(Telemetry::open(call.instance)).snapshot());
  if (usage.empty() && !tabs) {
    fmt::print("no jails\n");
    return 0;
  }
  if (!tabs)
    fmt::print("{:<8} {:<16} {:<8} {:<8} {:<8} {:<10} {}\n", "ID", "NAME", "REFS", "PROCS", "PROFILE", "AGE", "ROOT");
  else if (!bare)
    fmt::print("ID\tNAME\tREFS\tPROCS\tPROFILE\tAGE\tROOT\tPORTS\n");
  for (const auto &jail : usage) {
    const auto &row = jail.jail;
    if (tabs) {
      std::string ports;
      for (const auto &port : row.ports) ports += (ports.empty() ? "" : ",") + to_string(port);
      fmt::print("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", row.jid, row.name, jail.references, jail.processes,
                 to_string(row.profile), cli::age_seconds(row), row.root, ports);
    } else {
      fmt::print("{:<8} {:<16} {:<8} {:<8} {:<8} {:<10} {}\n", row.jid, row.name, jail.references, jail.processes,
                 to_string(row.profile), fmt::format("{}s", cli::age_seconds(row)), row.root);
    }
  }
  return 0;
}

} // namespace jailctl
