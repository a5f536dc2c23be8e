#include "top/list.h"

#include "view/text.h"

#include <algorithm>
#include <compare>
#include <fmt/format.h>
#include <utility>

namespace jails::top {
namespace {

constexpr std::array<Head, kColumns> kHeads{{{"NAME", 20, false, false},
                                             {"JID", 5, true, false},
                                             {"STATE", 8, false, false},
                                             {"CPU%", 6, true, true},
                                             {"MEM", 6, true, true},
                                             {"PROCS", 6, true, true},
                                             {"THRDS", 6, true, true},
                                             {"READ/s", 7, true, true},
                                             {"WRITE/s", 7, true, true},
                                             {"IN/s", 6, true, true},
                                             {"OUT/s", 6, true, true}}};

std::string rate(const std::optional<double> &value) {
  return value ? view::size_text(static_cast<uint64_t>(*value)) : "-";
}

double number(const Line &line, Column column) {
  switch (column) {
  case Column::Jid: return line.jid;
  case Column::Cpu: return line.cpu_percent.value_or(-1);
  case Column::Memory: return line.memory_bytes ? static_cast<double>(*line.memory_bytes) : -1;
  case Column::Processes: return static_cast<double>(line.processes);
  case Column::Threads: return static_cast<double>(line.threads);
  case Column::Read: return line.read_rate.value_or(-1);
  case Column::Write: return line.write_rate.value_or(-1);
  case Column::In: return line.in_rate.value_or(-1);
  case Column::Out: return line.out_rate.value_or(-1);
  case Column::Name:
  case Column::State: break;
  }
  return 0;
}

} // namespace

const Head &head(Column column) { return kHeads[std::to_underlying(column)]; }

std::string cell(const Line &line, Column column) {
  const bool down = line.state == "down" || line.state == "stopped";
  switch (column) {
  case Column::Name: return line.name;
  case Column::Jid: return line.jid == 0 ? "-" : fmt::format("{}", line.jid);
  case Column::State: return std::string(line.state);
  case Column::Cpu: return line.cpu_percent && !down ? fmt::format("{:.1f}", *line.cpu_percent) : "-";
  case Column::Memory: return line.memory_bytes ? view::size_text(*line.memory_bytes) : "-";
  case Column::Processes: return down ? "-" : fmt::format("{}", line.processes);
  case Column::Threads: return down ? "-" : fmt::format("{}", line.threads);
  case Column::Read: return rate(line.read_rate);
  case Column::Write: return rate(line.write_rate);
  case Column::In: return rate(line.in_rate);
  case Column::Out: return rate(line.out_rate);
  }
  return "";
}

std::vector<Column> columns_for(int width) {
  std::vector<Column> columns;
  int used = -1;
  for (size_t i = 0; i < kColumns; i++) {
    used += kHeads[i].width + 1;
    if (used > width) break;
    columns.push_back(static_cast<Column>(i));
  }
  return columns;
}

void sort(std::vector<Line> &lines, Column by, bool turned) {
  const bool down = head(by).biggest_first != turned;
  std::ranges::sort(lines, [&](const Line &a, const Line &b) {
    if (by == Column::State && a.state != b.state) return (a.state < b.state) != down;
    const double x = number(a, by), y = number(b, by);
    if (x != y) return (x < y) != down;
    return by == Column::Name ? (a.name < b.name) != down && a.name != b.name : a.name < b.name;
  });
}

std::vector<Row> rows_of(std::span<const Line> lines, const std::set<std::string> &unfolded) {
  std::vector<Row> rows;
  for (const auto &line : lines) {
    rows.push_back({&line, nullptr});
    if (!unfolded.contains(line.name)) continue;
    for (const auto &process : line.tree) rows.push_back({&line, &process});
  }
  return rows;
}

size_t find_row(std::span<const Row> rows, const Chosen &chosen, size_t place) {
  std::optional<size_t> jail;
  for (size_t i = 0; i < rows.size(); i++) {
    if (rows[i].line->name != chosen.jail) continue;
    const pid_t pid = rows[i].process != nullptr ? rows[i].process->pid : 0;
    if (pid == chosen.pid) return i;
    if (pid == 0) jail = i;
  }
  return jail ? *jail : std::min(place, rows.empty() ? 0 : rows.size() - 1);
}

std::string plain(std::string_view text, size_t width) {
  std::string out;
  for (const char c : text) {
    if (out.size() == width) break;
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0U) == 0x80U) continue; // one mark for a whole character of UTF-8
    out += byte >= 0x20 && byte < 0x7f ? c : '?';
  }
  return out;
}

} // namespace jails::top
