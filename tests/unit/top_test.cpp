#include "result.h"
#include "top/act.h"
#include "top/list.h"

#include <gtest/gtest.h>

namespace jails::top {
namespace {

Line line(std::string name, std::string_view state = "up", std::optional<double> cpu = std::nullopt) {
  Line made;
  made.name = std::move(name);
  made.state = state;
  made.cpu_percent = cpu;
  return made;
}

std::string names(std::vector<Line> lines, Column by, bool turned = false) {
  sort(lines, by, turned);
  std::string text;
  for (const auto &one : lines) text += one.name + " ";
  return text;
}

TEST(Sort, BiggestFirstAndUnknownLast) {
  const std::vector lines{line("a", "up", 1.5), line("b", "up"), line("c", "up", 30), line("d", "up", 30)};
  EXPECT_EQ(names(lines, Column::Cpu), "c d a b ");
  EXPECT_EQ(names(lines, Column::Cpu, true), "b a c d ");
  EXPECT_EQ(names(lines, Column::Name), "a b c d ");
  EXPECT_EQ(names(lines, Column::Name, true), "d c b a ");
}

TEST(Sort, ByState) {
  const std::vector lines{line("a", "up"), line("b", "down"), line("c", "frozen")};
  EXPECT_EQ(names(lines, Column::State), "b c a ");
}

TEST(Cell, KnowsWhatIsNotKnown) {
  Line one = line("web", "up", 12.345);
  one.processes = 3;
  EXPECT_EQ(cell(one, Column::Cpu), "12.3");
  EXPECT_EQ(cell(one, Column::Memory), "-");
  EXPECT_EQ(cell(one, Column::Processes), "3");
  EXPECT_EQ(cell(one, Column::Jid), "-");
  one.memory_bytes = 1536 << 10U;
  one.read_rate = 2048.7;
  EXPECT_EQ(cell(one, Column::Memory), "1.5M");
  EXPECT_EQ(cell(one, Column::Read), "2K");
  one.state = "down";
  EXPECT_EQ(cell(one, Column::Cpu), "-");
  EXPECT_EQ(cell(one, Column::Processes), "-");
}

TEST(ColumnsFor, FitTheWidth) {
  for (int width = 60; width < 200; width++) {
    int used = -1;
    for (const auto column : columns_for(width)) used += head(column).width + 1;
    EXPECT_LE(used, width);
  }
  EXPECT_EQ(columns_for(80).back(), Column::Write);
  EXPECT_EQ(columns_for(200).size(), kColumns);
}

TEST(Rows, UnfoldAndFindAgain) {
  std::vector<Line> lines{line("a"), line("b")};
  lines[0].tree.resize(2);
  lines[0].tree[0].pid = 10;
  lines[0].tree[1].pid = 11;
  auto rows = rows_of(lines, {});
  EXPECT_EQ(rows.size(), 2U);
  rows = rows_of(lines, {"a", "gone"});
  EXPECT_EQ(rows.size(), 4U);
  EXPECT_EQ(find_row(rows, {"b", 0}, 0), 3U);
  EXPECT_EQ(find_row(rows, {"a", 11}, 0), 2U);
  EXPECT_EQ(find_row(rows, {"a", 99}, 3), 0U); // a process that ended: its jail
  EXPECT_EQ(find_row(rows, {"gone", 0}, 9), 3U);
  EXPECT_EQ(find_row({}, {"gone", 0}, 9), 0U);
}

TEST(Plain, HasOneColumnForEachCharacter) {
  EXPECT_EQ(plain("a\xc3\xa4\xe6\xbc\xa2\x1b[m\x7f", 80), "a???[m?");
  EXPECT_EQ(plain("abcdef", 3), "abc");
}

std::string command(Act act, const Line &line) {
  const auto words = command_for(act, line);
  return words ? (*words)[0] + " " + (*words)[1] + " " + (*words)[2] : words.error().text();
}

TEST(CommandFor, GoesThroughJailmgrWhereTheJailIsItsOwn) {
  Line own = line("web"), other = line("db");
  own.configured = true;
  EXPECT_EQ(command(Act::Stop, own), "jailmgr stop web");
  EXPECT_EQ(command(Act::Stop, other), "jailctl stop db");
  EXPECT_EQ(command(Act::Freeze, own), "jailctl freeze web");
  EXPECT_EQ(command(Act::Start, own), "jail web runs");
  EXPECT_EQ(command(Act::Thaw, own), "jail web is not frozen");
  own.state = "stopped";
  other.state = "down";
  EXPECT_EQ(command(Act::Start, own), "jailmgr start web");
  EXPECT_EQ(command(Act::Start, other), "jail db is not jailmgr's: 'jailctl supervise' starts it");
  EXPECT_EQ(command(Act::Stop, other), "jail db does not run");
  EXPECT_EQ(command(Act::Freeze, own), "jail web does not run");
}

} // namespace
} // namespace jails::top
