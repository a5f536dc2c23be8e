#include "jailctl/verb.h"

#include "abi/permissions.h"
#include "cli/arguments.h"
#include "cli/form.h"
#include "denial/format.h"
#include "jail/registry.h"
#include "model/ids.h"
#include "secmodel/ledger.h"
#include "secmodel/tables.h"

#include <fmt/format.h>

namespace jailctl {

using namespace jails;

namespace {

// "0" is the host, which is no row of the tables: processes of the host are refused the ports that jails have reserved.
Result<JailRow> subject(const Instance &instance, std::string_view name_or_jid) {
  if (name_or_jid != "0") return find_jail(instance, name_or_jid);
  JailRow host;
  host.name = "the host";
  host.profile = Profile::Low;
  return host;
}

Result<denial::Report> report_on(const Instance &instance, const Tables &tables, const Ledger &ledger, JailRow jail) {
  denial::Report report;
  report.denials = TRY(ledger.rows(jail.jid));
  report.totals = TRY(tables.denials(jail.jid));
  denial::LandlockAudit landlock{.asked = false, .counts = TRY(tables.landlock_denials(jail.jid))};
  const auto jails = TRY(tables.list());
  PermissionSet permissions = sj_profile_permissions(static_cast<uint32_t>(jail.profile));
  if (jail.jid != SJ_HOST)
    if (const auto spec = spec_in_force(instance, TRY(JailName::parse(jail.name)))) {
      permissions = effective(spec->profile, spec->permissions);
      landlock.asked = spec->log.landlock;
    }
  report.sources = denial::sources(landlock);
  for (const auto &denial : report.denials) report.advice.push_back(denial::advise(denial, jail, permissions, jails));
  report.jail = std::move(jail);
  return report;
}

} // namespace

Result<int> why(const Call &call) {
  constexpr std::string_view kUsage = "jailctl why [-j | -T [-H] | --reset] jail";
  cli::Form form;
  bool reset = false;
  std::vector<Option> options;
  cli::add_form_options(options, form);
  options.push_back({0, "reset", nullptr, "forget what is listed; the counters stay", set_flag(reset), true});
  const auto parsed =
      TRY(parse(call, kUsage, "What a jail was refused, how often, and what would allow it. Jail 0 is the host.",
                std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 1, 1));
  TRY(cli::check_form(form));
  if (reset && (form.json || form.tabs))
    return fail(ErrorKind::Usage, "--reset prints nothing: neither -j nor -T goes with it");
  TRY(need_root(call));
  const auto tables = TRY(Tables::open(call.instance));
  const Ledger ledger(call.instance);
  auto jail = TRY(subject(call.instance, parsed.operands[0]));
  if (reset) {
    TRY(ledger.reset(jail.jid));
    return 0;
  }
  const auto report = TRY(report_on(call.instance, tables, ledger, std::move(jail)));
  fmt::print("{}", form.json   ? denial::json(report)
                   : form.tabs ? denial::tab_separated(report, !form.bare)
                               : denial::table(report));
  return 0;
}

} // namespace jailctl
