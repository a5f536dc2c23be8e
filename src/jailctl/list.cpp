#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "cli/members.h"
#include "jail/public_list.h"
#include "secmodel/telemetry.h"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

namespace jailctl {

using namespace jails;

namespace {

// The tables are root's; others read what root published.
Result<std::vector<JailUsage>> listed(const Instance &instance) {
  if (geteuid() == 0) return TRY(Telemetry::open(instance)).snapshot();
  std::vector<JailUsage> usage;
  for (auto &jail : TRY(read_public_list(instance))) {
    JailUsage &one = usage.emplace_back();
    one.jail = std::move(jail.row);
    one.references = jail.references;
    one.processes = jail.references - std::min<uint64_t>(jail.references, 1); // a jail with members has its anchor
  }
  return usage;
}

} // namespace

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
  const auto usage = TRY(listed(call.instance));
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
      fmt::print("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", row.jid, row.name, jail.references, jail.processes,
                 to_string(row.profile), cli::age_seconds(row), row.root, to_string(row.ports));
    } else {
      fmt::print("{:<8} {:<16} {:<8} {:<8} {:<8} {:<10} {}\n", row.jid, row.name, jail.references, jail.processes,
                 to_string(row.profile), fmt::format("{}s", cli::age_seconds(row)), row.root);
    }
  }
  return 0;
}

} // namespace jailctl
