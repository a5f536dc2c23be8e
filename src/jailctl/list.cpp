#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "cli/form.h"
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
  if (geteuid() == 0) {
    const auto telemetry = Telemetry::open(instance);
    if (telemetry) return telemetry->snapshot();
    if (telemetry.error().kind() != ErrorKind::Unsupported) return std::unexpected(telemetry.error());
    fmt::print(stderr, "jailctl: {}\n", telemetry.error().text()); // and what was published of it
  }
  std::vector<JailUsage> usage;
  for (auto &jail : TRY(read_public_list(instance))) {
    JailUsage &one = usage.emplace_back();
    one.jail = std::move(jail.row);
    one.references = jail.references;
    one.processes = jail.references - std::min<uint64_t>(jail.references, 1); // a jail with members has its anchor
  }
  return usage;
}

void print_json(const Instance &instance, const std::vector<JailUsage> &usage) {
  auto jails = cli::Json::array();
  for (const auto &jail : usage) {
    auto ports = cli::Json::array();
    for (const auto &port : jail.jail.ports) ports.push_back(to_string(port));
    jails.push_back({{"jid", jail.jail.jid},
                     {"name", jail.jail.name},
                     {"state", cli::list_state(instance, jail.jail, jail.references)},
                     {"profile", to_string(jail.jail.profile)},
                     {"root", jail.jail.root},
                     {"age_seconds", cli::age_seconds(jail.jail)},
                     {"processes", jail.processes},
                     {"references", jail.references},
                     {"ports", std::move(ports)}});
  }
  auto out = cli::json_document("jailctl-list-1");
  out["jails"] = std::move(jails);
  cli::print_json(out);
}

} // namespace

Result<int> list(const Call &call) {
  constexpr std::string_view kUsage = "jailctl list [-T [-H] | -j]";
  cli::Form form;
  std::vector<Option> options;
  cli::add_form_options(options, form);
  const auto parsed = TRY(parse(call, kUsage, "Lists the registered jails.", std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 0, 0));
  TRY(cli::check_form(form));
  const auto usage = TRY(listed(call.instance));
  if (form.json) {
    print_json(call.instance, usage);
    return 0;
  }
  if (usage.empty() && !form.tabs) {
    fmt::print("no jails\n");
    return 0;
  }
  constexpr auto kTable = "{:<8} {:<16} {:<8} {:<8} {:<8} {:<8} {:<10} {}\n";
  if (!form.tabs)
    fmt::print(kTable, "ID", "NAME", "REFS", "PROCS", "PROFILE", "STATE", "AGE", "ROOT");
  else if (!form.bare)
    fmt::print("ID\tNAME\tREFS\tPROCS\tPROFILE\tAGE\tROOT\tPORTS\tSTATE\n");
  for (const auto &jail : usage) {
    const auto &row = jail.jail;
    const auto state = cli::list_state(call.instance, row, jail.references);
    const auto age = cli::age_seconds(row);
    if (form.tabs)
      fmt::print("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", row.jid, row.name, jail.references, jail.processes,
                 to_string(row.profile), age, row.root, to_string(row.ports), state);
    else
      fmt::print(kTable, row.jid, row.name, jail.references, jail.processes, to_string(row.profile), state,
                 fmt::format("{}s", age), row.root);
  }
  return 0;
}

} // namespace jailctl
