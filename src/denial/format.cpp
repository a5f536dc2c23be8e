#include "denial/format.h"

#include "base/text.h"
#include "denial/report.h"
#include "denial/rules.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

namespace jails::denial {
namespace {

using Cells = std::array<std::string, 6>;

std::string lines(const std::vector<Cells> &rows) {
  std::array<size_t, 6> width{};
  for (const auto &row : rows)
    for (size_t i = 0; i < row.size(); i++) width[i] = std::max(width[i], row[i].size());
  std::string out;
  for (const auto &row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); i++) line += fmt::format("{:<{}}  ", row[i], width[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

// Each piece of advice once, with what it is for.
std::string advice_lines(const Report &report) {
  std::vector<std::pair<std::string, std::vector<std::string>>> pieces;
  for (size_t i = 0; i < report.denials.size(); i++) {
    const std::string text = advice_text(report.advice[i]);
    auto piece = std::ranges::find(pieces, text, &decltype(pieces)::value_type::first);
    if (piece == pieces.end()) piece = pieces.insert(piece, {text, {}});
    const std::string object = object_text(report.denials[i]);
    if (std::ranges::find(piece->second, object) == piece->second.end()) piece->second.push_back(object);
  }
  std::string out;
  for (const auto &[text, objects] : pieces) out += fmt::format("  {}\n      {}\n", text, fmt::join(objects, "; "));
  return out;
}

} // namespace

std::string table(const Report &report) {
  std::string out;
  if (report.denials.empty()) {
    out = fmt::format("nothing was refused to {}\n", printable(report.jail.name));
  } else {
    std::vector<Cells> rows{{"RULE", "OBJECT", "PROGRAM", "COUNT", "FIRST", "LAST"}};
    for (const auto &denial : report.denials)
      rows.push_back({describe(denial.rule).name, object_text(denial), program_text(denial),
                      fmt::format("{}", denial.count), time_text(denial.first_ns), time_text(denial.last_ns)});
    out = lines(rows) + "\nwhat would allow it:\n" + advice_lines(report);
  }
  std::string notes;
  for (const auto &source : report.sources) {
    if (!source.active) notes += fmt::format("not told by {}: {}: {}\n", source.name, source.covers, source.detail);
    if (!source.gaps.empty()) notes += fmt::format("not all told by {}: {}\n", source.name, source.gaps);
  }
  return notes.empty() ? out : out + "\n" + notes;
}

std::string tab_separated(const Report &report, bool header) {
  std::string out = header ? "RULE\tOBJECT\tPROGRAM\tUID\tPID\tCOUNT\tFIRST\tLAST\tALLOW\tREASON\n" : "";
  for (size_t i = 0; i < report.denials.size(); i++) {
    const auto &denial = report.denials[i];
    const auto &advice = report.advice[i];
    out += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", describe(denial.rule).name, object_text(denial),
                       denial.program.empty() ? "-" : printable(denial.program), denial.uid, denial.pid, denial.count,
                       unix_seconds(denial.first_ns), unix_seconds(denial.last_ns),
                       advice.setting.empty() ? "-" : advice.setting, advice.reason);
  }
  return out;
}

} // namespace jails::denial
