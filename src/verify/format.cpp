#include "verify/format.h"

#include "base/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace jails::verify {

std::string table(const Report &report) {
  std::string out = fmt::format("{:<16} {:<6} {:<50} {:<18} {}\n", "CHECK", "RESULT", "TRIED", "EXPECTED", "HAPPENED");
  for (const auto &row : report.rows) {
    // A long expectation is told in front of what happened, so that the columns stay narrow.
    const bool fits = row.expected.size() <= 18;
    out += fmt::format("{:<16} {:<6} {:<50} {:<18} {}{}\n", row.id, to_string(row.verdict), row.tried,
                       fits ? row.expected : "", fits ? "" : "[" + row.expected + "] ", printable(row.happened));
  }
  const size_t gaps = report.count(Verdict::Gap);
  out += fmt::format("\njail {} (jid {}, profile {}): {} ok, {} {}, {} skipped, in {} ms\n", report.jail, report.jid,
                     to_string(report.profile), report.count(Verdict::Ok), gaps, gaps == 1 ? "gap" : "gaps",
                     report.count(Verdict::Skip), report.milliseconds);
  size_t programs = 0, attached = 0;
  std::string rest;
  for (const auto &defence : report.defences) {
    if (defence.name.starts_with("BPF ") && defence.name != "BPF LSM") {
      programs++;
      attached += defence.active ? 1 : 0;
      if (defence.active) continue;
    }
    rest += fmt::format("; {}: {}{}", defence.name, defence.active ? "" : "no, ", printable(defence.detail));
  }
  out += fmt::format("defence: BPF programs: {} of {} attached{}\n", attached, programs, rest);
  return out;
}

std::string tab_separated(const Report &report, bool header) {
  std::string out = header ? "JAIL\tCHECK\tRESULT\tTRIED\tEXPECTED\tHAPPENED\n" : "";
  for (const auto &row : report.rows)
    out += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", report.jail, row.id, to_string(row.verdict), row.tried, row.expected,
                       printable(row.happened));
  return out;
}

std::string json(std::span<const Report> reports) {
  auto jails = nlohmann::ordered_json::array();
  for (const auto &report : reports) {
    auto checks = nlohmann::ordered_json::array();
    for (const auto &row : report.rows)
      checks.push_back({{"id", row.id},
                        {"tried", row.tried},
                        {"expected", row.expected},
                        {"happened", printable(row.happened)},
                        {"result", to_string(row.verdict)}});
    auto defences = nlohmann::ordered_json::array();
    for (const auto &defence : report.defences)
      defences.push_back({{"name", defence.name}, {"active", defence.active}, {"detail", printable(defence.detail)}});
    jails.push_back({{"jid", report.jid},
                     {"name", report.jail},
                     {"profile", std::string(to_string(report.profile))},
                     {"ok", report.count(Verdict::Gap) == 0},
                     {"counts",
                      {{"ok", report.count(Verdict::Ok)},
                       {"gap", report.count(Verdict::Gap)},
                       {"skip", report.count(Verdict::Skip)}}},
                     {"milliseconds", report.milliseconds},
                     {"checks", std::move(checks)},
                     {"defences", std::move(defences)}});
  }
  return nlohmann::ordered_json{{"schema", "jailctl-verify-1"}, {"jails", std::move(jails)}}.dump(
             2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

} // namespace jails::verify
