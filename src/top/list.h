// What `jailctl top` shows, apart from the terminal: lines of jails, their order, cells as text. Pure.
#pragma once

#include "model/ids.h"
#include "view/processes.h"

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jails::top {

struct Line {
  std::string name;
  Jid jid = 0;                       // 0: not registered, known to jailmgr only
  std::string_view state;            // "up", "down", "frozen", "stopped" (not registered)
  bool configured = false;           // jailmgr has it
  std::optional<double> cpu_percent; // of one CPU, since the last look; none: there was none
  std::optional<uint64_t> memory_bytes;
  uint64_t processes = 0, threads = 0;
  std::optional<double> read_rate, write_rate; // bytes of disks in a second; none: not counted
  std::optional<double> in_rate, out_rate;     // bytes of the network in a second
  std::vector<view::Process> tree;             // its processes and its supervisor
};

enum class Column : uint8_t { Name, Jid, State, Cpu, Memory, Processes, Threads, Read, Write, In, Out };
inline constexpr size_t kColumns = 11;

struct Head {
  std::string_view title;
  int width;
  bool right;         // numbers are
  bool biggest_first; // sorted so, unless the order is turned around
};
const Head &head(Column column);
std::string cell(const Line &line, Column column); // "-": unknown

// The columns that a screen of that width has room for; the ones on the right go first.
std::vector<Column> columns_for(int width);

// By that column, and then by name.
void sort(std::vector<Line> &lines, Column by, bool turned);

// A row of the screen: a jail, or one of its processes.
struct Row {
  const Line *line = nullptr;
  const view::Process *process = nullptr; // none: the jail itself
};
std::vector<Row> rows_of(std::span<const Line> lines, const std::set<std::string> &unfolded);

// The same jail or process in other rows; where it is gone, what is nearest to `place`. 0 without rows.
struct Chosen {
  std::string jail;
  pid_t pid = 0; // 0: the jail
};
size_t find_row(std::span<const Row> rows, const Chosen &chosen, size_t place);

// Printable ASCII only, for the width of anything else is the terminal's opinion; cut to `width`.
std::string plain(std::string_view text, size_t width);

} // namespace jails::top
