#include "verify/verify.h"

#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "cli/form.h"
#include "jail/registry.h"
#include "verify/format.h"

#include <cstdio>
#include <fmt/format.h>

namespace jailctl {

using namespace jails;

namespace {

Result<std::vector<JailRow>> selected(const Call &call, bool all, std::string_view operand) {
  if (!all) {
    const auto name = TRY(selected_jail(call, operand));
    return std::vector{TRY(find_jail(call.instance, name.str()))};
  }
  auto rows = TRY(list_jails(call.instance));
  std::erase_if(rows, [&](const JailRow &row) {
    const auto name = JailName::parse(row.name);
    return !name || !is_running(call.instance, *name);
  });
  return rows;
}

int print(const std::vector<verify::Report> &reports, const cli::Form &form) {
  int status = 0;
  bool first = true;
  for (const auto &report : reports) {
    if (report.count(verify::Verdict::Gap) != 0) status = 1;
    if (form.tabs) fmt::print("{}", verify::tab_separated(report, first && !form.bare));
    if (!form.tabs && !form.json) fmt::print("{}{}", first ? "" : "\n", verify::table(report));
    first = false;
  }
  if (form.json) fmt::print("{}", verify::json(reports));
  return status;
}

} // namespace

Result<int> verify(const Call &call) {
  constexpr std::string_view kUsage = "jailctl verify [-j | -T [-H]] --all | jail";
  bool all = false;
  cli::Form form;
  std::vector<Option> options;
  options.push_back({'a', "all", nullptr, "every jail that runs", set_flag(all), true});
  cli::add_form_options(options, form);
  const auto parsed = TRY(parse(
      call, kUsage,
      "Tries from inside a running jail, as root and as uid 1000, what its profile forbids, against the host and\n"
      "a decoy jail; harmless where it should succeed. Exits with 1 when something gets past (a GAP).",
      std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, all ? 0 : 1, all ? 0 : 1));
  TRY(cli::check_form(form));
  TRY(need_root(call));
  const auto rows = TRY(selected(call, all, all ? "" : parsed.operands[0]));
  std::vector<verify::Report> reports;
  int status = 0;
  for (const auto &row : rows) {
    auto report = verify::verify_jail(call.instance, row);
    if (report)
      reports.push_back(std::move(*report));
    else if (all) // the others count as well
      status = cli::report(call.program, report.error());
    else
      return std::unexpected(std::move(report).error());
  }
  if (rows.empty() && !form.json && !form.tabs) fmt::print("no jail runs\n");
  return std::max(status, print(reports, form));
}

} // namespace jailctl
