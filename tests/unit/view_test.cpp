#include "view/members.h"
#include "view/proc.h"
#include "view/processes.h"
#include "view/text.h"

#include <gtest/gtest.h>
#include <sys/sysmacros.h>

namespace jails::view {
namespace {

constexpr std::string_view kTail = " S 7 12 12 34816 12 4194304 1 2 3 4 150 50 9 9 20 0 3 0 100 4096 25 1";

TEST(ParseStat, TakesTheLastBracketAsTheEndOfTheName) {
  const auto stat = parse_stat("12 (a) R 1 (b)" + std::string(kTail) + "\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->program, "a) R 1 (b");
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->ppid, 7);
  EXPECT_EQ(stat->cpu_ticks, 200U);
  EXPECT_EQ(stat->threads, 3U);
  EXPECT_EQ(stat->rss_pages, 25U);
  EXPECT_EQ(tty_text(stat->tty), "pts/0");
  EXPECT_EQ(state_text(*stat, 12), "Ssl+");
  EXPECT_EQ(state_text(*stat, 13), "Sl+");
}

TEST(ParseStat, RefusesWhatIsCut) {
  for (const auto *text :
       {"", "12", "12 (a", "12 (a)", "12 (a) S", "12 )a( S 1 2", "12 (a) S 1 2 3 4 5 6", "1 (a) SS 1"})
    EXPECT_FALSE(parse_stat(text)) << text;
}

TEST(EffectiveUid, IsTheSecondOfFour) {
  EXPECT_EQ(effective_uid("Name:\tx\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n"), 2U);
  EXPECT_EQ(effective_uid("Name:\tUid:\t9\t9\t9\t9\nUid:\t1\t2\t3\t4\n"), 2U); // of a program named so
  EXPECT_FALSE(effective_uid("Name:\tx\n"));
  EXPECT_FALSE(effective_uid("\nUid:\t1\t2"));
}

TEST(TtyText, NamesWhatIsKnown) {
  EXPECT_EQ(tty_text(0), "");
  EXPECT_EQ(tty_text(static_cast<uint32_t>(makedev(4, 1))), "tty1");
  EXPECT_EQ(tty_text(static_cast<uint32_t>(makedev(137, 2))), "pts/258");
  EXPECT_EQ(tty_text(static_cast<uint32_t>(makedev(5, 1))), "5:1");
}

TEST(CommandText, IsPrintable) {
  const Stat stat{.program = "na\033me"};
  EXPECT_EQ(command_text(std::string_view("sh\0-c\0a\nb\033[2J\0", 15), stat), "sh -c a\\x0ab\\x1b[2J");
  EXPECT_EQ(command_text("", stat), "[na\\x1bme]");
  EXPECT_EQ(command_text("", Stat{.program = "x", .state = 'Z'}), "[x] <defunct>");
}

TEST(Members, HasWhatIsAtOrBelowItsCgroup) {
  const Members web{.row = {}, .cgroup = "/jail/web", .ids = {}, .pids = {}};
  EXPECT_TRUE(web.has("4:memory:/jail/other\n0::/jail/web\n"));
  EXPECT_TRUE(web.has("0::/jail/web/below\n"));
  for (const auto *text : {"", "0::/", "0::/jail/web2\n", "4:memory:/jail/web\n0::/jail/db\n", "0::/jail/we\n"})
    EXPECT_FALSE(web.has(text)) << text;
}

std::string tree(std::vector<std::pair<pid_t, pid_t>> pairs) {
  std::vector<Process> processes;
  for (const auto &[pid, ppid] : pairs) {
    Process &one = processes.emplace_back();
    one.pid = pid;
    one.ppid = ppid;
  }
  sort_as_tree(processes);
  std::string text;
  for (const auto &one : processes) text += std::to_string(one.pid) + "@" + std::to_string(one.depth) + " ";
  return text;
}

TEST(SortAsTree, PutsChildrenBehindTheirParents) {
  EXPECT_EQ(tree({}), "");
  EXPECT_EQ(tree({{9, 5}, {5, 1}, {7, 5}, {8, 7}, {6, 2}}), "5@0 7@1 8@2 9@1 6@0 ");
  EXPECT_EQ(tree({{30, 40}, {40, 1}}), "40@0 30@1 "); // numbers go in a circle
}

TEST(SortAsTree, LosesNothingOfACircle) { EXPECT_EQ(tree({{5, 6}, {6, 5}, {7, 7}}), "7@0 5@0 6@1 "); }

TEST(SortAsTree, TakesALongChain) {
  std::vector<std::pair<pid_t, pid_t>> chain;
  for (pid_t pid = 2; pid < 100000; pid++) chain.emplace_back(pid, pid - 1);
  EXPECT_TRUE(tree(chain).ends_with(" 99999@99997 "));
}

TEST(Text, Sizes) {
  EXPECT_EQ(size_text(0), "0");
  EXPECT_EQ(size_text(1023), "1023");
  EXPECT_EQ(size_text(1024), "1K");
  EXPECT_EQ(size_text(1023 * 1024), "1.0M");
  EXPECT_EQ(size_text(1536 * 1024), "1.5M");
  EXPECT_EQ(size_text(20ULL << 30U), "20G");
  EXPECT_EQ(size_text(~0ULL), "16E");
}

TEST(Text, Times) {
  EXPECT_EQ(time_text(521), "0:05.21");
  EXPECT_EQ(time_text(72500), "12:05.00");
  EXPECT_EQ(time_text(100 * 11405), "3:10:05");
  EXPECT_EQ(time_text(100ULL * 86400 * 2 + 100 * 11400), "2d03:10");
}

TEST(Text, CutsWholeCharacters) {
  EXPECT_EQ(cut("abc", 2), "ab");
  EXPECT_EQ(cut("abc", 3), "abc");
  EXPECT_EQ(cut("a\u00e4b", 2), "a\u00e4");
  EXPECT_EQ(cut("", 2), "");
  EXPECT_EQ(indent(0), "");
  EXPECT_EQ(indent(2), "     \\_ ");
  EXPECT_EQ(indent(4000000000U), indent(21));
}

} // namespace
} // namespace jails::view
