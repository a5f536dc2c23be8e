#include "jailctl/stats.h"

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/form.h"
#include "cli/http.h"
#include "jailctl/verb.h"
#include "stats/format.h"
#include "stats/http.h"
#include "sys/file.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <sys/stat.h>
#include <thread>

namespace jailctl {

using namespace jails;

namespace {

struct Wanted {
  bool verbose = false, prometheus = false, openmetrics = false, http = false;
  cli::Form form;
  std::string_view textfile;
  uint64_t every = 0; // seconds; 0: once
};

std::vector<Option> options_for(Wanted &wanted) {
  std::vector<Option> options;
  options.push_back(
      {'v', "verbose", nullptr, "everything that is counted, with what it means", set_flag(wanted.verbose), true});
  cli::add_form_options(options, wanted.form);
  options.push_back({'w', "watch", "seconds", "again and again, with such a pause",
                     [&wanted](std::string_view text) -> Status {
                       const auto seconds = parse_int<uint64_t>(text);
                       if (!seconds || *seconds == 0 || *seconds > 86400)
                         return fail(ErrorKind::Usage, in_quotes(text) + ": expected seconds, 1 to 86400");
                       wanted.every = *seconds;
                       return {};
                     },
                     true});
  options.push_back({'P', "prometheus", nullptr, "Prometheus text format", set_flag(wanted.prometheus), true});
  options.push_back(
      {0, "openmetrics", nullptr, "OpenMetrics text format; with -P", set_flag(wanted.openmetrics), true});
  options.push_back(
      {'h', "http", nullptr, "as an HTTP answer, for inetd and systemd sockets; with -P", set_flag(wanted.http), true});
  options.push_back({0, "textfile", "file", "into a file, replaced at once, for node_exporter; with -P",
                     set_text(wanted.textfile), true});
  return options;
}

Status check(const Wanted &wanted) {
  if (wanted.http && !wanted.prometheus) return fail(ErrorKind::Usage, "-h needs -P");
  if (wanted.openmetrics && !wanted.prometheus) return fail(ErrorKind::Usage, "--openmetrics needs -P");
  if (!wanted.textfile.empty() && !wanted.prometheus) return fail(ErrorKind::Usage, "--textfile needs -P");
  if (wanted.form.bare && !wanted.form.tabs) return fail(ErrorKind::Usage, "-H needs -T");
  if (wanted.prometheus + wanted.form.tabs + wanted.verbose + wanted.form.json > 1)
    return fail(ErrorKind::Usage, "-v, -P, -T and -j exclude each other");
  if (!wanted.textfile.empty() && (wanted.http || wanted.openmetrics))
    return fail(ErrorKind::Usage,
                "--textfile goes with neither -h nor --openmetrics: node_exporter reads the text format");
  if (wanted.every != 0 && wanted.prometheus)
    return fail(ErrorKind::Usage, "-w does not go with -P: Prometheus asks again by itself");
  return {};
}

Result<std::vector<JailUsage>> usage_of(const Call &call, const Telemetry &telemetry,
                                        std::span<const std::string_view> operands) {
  auto usage = TRY(telemetry.snapshot());
  if (operands.empty()) return usage;
  std::vector<std::string> names;
  for (auto operand : operands) names.push_back(TRY(selected_jail(call, operand)).str());
  std::erase_if(usage, [&](const JailUsage &jail) { return std::ranges::find(names, jail.jail.name) == names.end(); });
  return usage;
}

Status print_for_prometheus(const Wanted &wanted, std::span<const stats::JailStats> jails) {
  stats::HttpRequest request;
  if (wanted.http) request = stats::parse_request(cli::read_http_request());
  if (wanted.openmetrics) request.how = stats::Exposition::OpenMetrics;
  if (wanted.http) fmt::print("{}", stats::http_header(request));
  if (!request.get || !request.body) return {};
  const std::string page = stats::prometheus(jails, request.how);
  if (wanted.textfile.empty()) {
    fmt::print("{}", page);
    return {};
  }
  umask(022); // node_exporter is not root
  return sys::replace_file(std::string(wanted.textfile), page, 0644);
}

Status print(const Call &call, const Wanted &wanted, std::vector<JailUsage> usage, bool first) {
  if (!wanted.verbose && !wanted.form.tabs && !wanted.form.json && !wanted.prometheus) {
    fmt::print("{}{}", first ? "" : "\n", stats::table(usage));
    return {};
  }
  const auto jails = TRY(stats::collect(call.instance, std::move(usage)));
  if (wanted.prometheus) return print_for_prometheus(wanted, jails);
  if (wanted.form.json)
    print_stats_json(jails);
  else if (wanted.form.tabs)
    fmt::print("{}", stats::tab_separated(jails, first && !wanted.form.bare));
  else
    fmt::print("{}{}", first ? "" : "\n", stats::verbose(jails));
  return {};
}

} // namespace

Result<int> stats(const Call &call) {
  constexpr std::string_view kUsage = "jailctl stats [-v | -T [-H] | -j] [-w seconds] [jail ...]\n"
                                      "       jailctl stats -P [--openmetrics] [-h | --textfile file] [jail ...]";
  Wanted wanted;
  const auto parsed = TRY(parse(
      call, kUsage,
      "What each jail uses, counted by the kernel. CPU1S, CPU10S: ticks of 1/100 s in the last full second, and in\n"
      "a second of the last ten.",
      options_for(wanted)));
  if (parsed.help) return 0;
  TRY(check(wanted));
  TRY(need_root(call));
  const auto telemetry = TRY(Telemetry::open(call.instance));
  auto next = std::chrono::steady_clock::now();
  for (bool first = true;; first = false) {
    TRY(print(call, wanted, TRY(usage_of(call, telemetry, parsed.operands)), first));
    if (wanted.every == 0) return 0;
    if (fflush(stdout) != 0) return fail_errno("standard output");
    next += std::chrono::seconds(wanted.every);
    std::this_thread::sleep_until(next);
  }
}

} // namespace jailctl
