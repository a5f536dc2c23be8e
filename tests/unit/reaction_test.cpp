#include "model/reaction.h"

#include "result.h"

#include <csignal>
#include <gtest/gtest.h>

namespace jails {
namespace {

TEST(Reaction, ConditionsAreReadAndWrittenBack) {
  struct {
    const char *text, *written;
    Condition is;
  } const kCases[] = {
      {"memory > 90% for 10s", "memory > 90% for 10s", {Subject::Memory, true, 90, 10}},
      {"memory>90%", "memory > 90%", {Subject::Memory, true, 90, 0}},
      {" swap  >  1536K   for  120 ", "swap > 1536K for 2m", {Subject::Swap, false, 1536 * 1024, 120}},
      {"processes > 80", "processes > 80", {Subject::Processes, false, 80, 0}},
      {"cpu > 1.5 for 1m", "cpu > 1.5 for 1m", {Subject::Cpu, false, 1500, 60}},
      {"cpu > 150%", "cpu > 150%", {Subject::Cpu, true, 150, 0}},
      {"io_read > 10M", "io_read > 10M", {Subject::IoRead, false, 10 << 20, 0}},
      {"net_out > 5% for 1d", "net_out > 5% for 1d", {Subject::NetOut, true, 5, 86400}},
  };
  for (const auto &one : kCases) {
    const auto read = parse_condition(one.text);
    ASSERT_TRUE(read) << one.text << ": " << read.error().text();
    EXPECT_EQ(*read, one.is) << one.text;
    EXPECT_EQ(to_string(*read), one.written);
    EXPECT_EQ(*parse_condition(one.written), one.is) << one.written;
  }
}

TEST(Reaction, ConditionsThatAreNone) {
  for (const char *text : {"", "memory", "memory 90%", "memory > ", "memory > 90% for", "memory > 90% during 5s",
                           "memory > 90% for 5s more", "> 5"})
    EXPECT_FALSE(parse_condition(text)) << text;
  EXPECT_ERROR(parse_condition("memory < 5M"), ErrorKind::Usage,
               "'memory < 5M': expected SUBJECT > VALUE [for TIME], like \"memory > 90% for 10s\"");
  EXPECT_ERROR(parse_condition("files > 5"), ErrorKind::Usage,
               "'files': expected one of memory, swap, processes, cpu, io_read, io_write, net_in, net_out");
  EXPECT_ERROR(parse_condition("memory > 0%"), ErrorKind::Usage, "'0%': expected a whole percentage like 90%");
  EXPECT_ERROR(parse_condition("memory > 1.5%"), ErrorKind::Usage, "'1.5%': expected a whole percentage like 90%");
  EXPECT_ERROR(parse_condition("processes > 5M"), ErrorKind::Usage, "'5M' is not a number of processes");
  EXPECT_ERROR(parse_condition("memory > 5M for 2d"), ErrorKind::Usage, "'2d': expected a time of at most 1d");
}

TEST(Reaction, Acts) {
  for (const char *text : {"log", "freeze", "restart", "signal:USR1", "exec:/bin/true", "exec:/bin/echo 'a b' \\$x"}) {
    Reaction reaction;
    ASSERT_TRUE(parse_act(reaction, text)) << text;
    EXPECT_EQ(act_text(reaction), text);
  }
  Reaction reaction;
  EXPECT_TRUE(parse_act(reaction, "exec: /bin/echo 'a b'"));
  EXPECT_EQ(reaction.command, (std::vector<std::string>{"/bin/echo", "a b"}));
  EXPECT_TRUE(parse_act(reaction, "signal:SIGTERM"));
  EXPECT_EQ(reaction.signal, SIGTERM);
  EXPECT_TRUE(reaction.command.empty());
  const Reaction before = reaction;
  for (const char *text : {"", "LOG", "log ", "signal:", "signal:usr1", "signal:9", "signal:STOP", "exec:", "exec:ls",
                           "exec:/bin/echo 'a", "exec:/bin/echo a\nb", "kill"})
    EXPECT_FALSE(parse_act(reaction, text)) << text;
  EXPECT_EQ(reaction, before);
  EXPECT_FALSE(parse_act(reaction, "exec:/" + std::string(kActLineMax, 'x')));
}

TEST(Reaction, OfTheCommandLine) {
  const auto reaction = parse_reaction("processes > 5 for 3s: exec:/bin/echo a:b");
  ASSERT_TRUE(reaction);
  EXPECT_EQ(reaction->command, (std::vector<std::string>{"/bin/echo", "a:b"}));
  EXPECT_EQ(to_string(*reaction), "processes > 5 for 3s: exec:/bin/echo a:b");
  EXPECT_EQ(*parse_reaction(to_string(*reaction)), *reaction);
  EXPECT_ERROR(parse_reaction("processes > 5"), ErrorKind::Usage,
               "'processes > 5': expected CONDITION: ACT, like 'memory > 90% for 10s: log'");
}

TEST(Reaction, PercentagesNeedTheirLimit) {
  Limits limits;
  const auto check = [&](const char *text) { return check_reaction(*parse_reaction(text), limits, {}); };
  EXPECT_ERROR(check("memory > 90%: log"), ErrorKind::Usage,
               "\"memory > 90%\": there is no limit 'memory' to take 90 % of");
  EXPECT_TRUE(check("memory > 90M: log"));
  EXPECT_TRUE(check("cpu > 300%: log")) << "of one CPU";
  limits.memory = 100U << 20U;
  limits.cpu = 2000;
  limits.swap = 0;
  EXPECT_TRUE(check("memory > 90%: log"));
  EXPECT_EQ(threshold_of(*parse_condition("memory > 90%"), limits), 90.0 * (1U << 20U));
  EXPECT_EQ(threshold_of(*parse_condition("cpu > 50%"), limits), 1000.0);
  EXPECT_ERROR(check("cpu > 300%: log"), ErrorKind::Usage,
               "\"cpu > 300%\": the limit keeps it at 100 % at most, expected 1% to 99%");
  EXPECT_ERROR(check("swap > 50%: log"), ErrorKind::Usage, "\"swap > 50%\": there is no limit 'swap' to take 50 % of");
  EXPECT_FALSE(check("io_read > 50%: log"));
  limits.io = {{.device = "8:0", .read_bytes = 1000}};
  EXPECT_EQ(threshold_of(*parse_condition("io_read > 50%"), limits), 500.0);
  limits.io.push_back({.device = "8:16", .read_bytes = 1000});
  EXPECT_FALSE(check("io_read > 50%: log")) << "which of the two?";
}

TEST(Reaction, RestartNeedsAPolicyThatRestarts) {
  const auto reaction = *parse_reaction("processes > 5: restart");
  EXPECT_TRUE(check_reaction(reaction, {}, {}));
  EXPECT_FALSE(check_reaction(reaction, {}, {.policy = RestartPolicy::Never}));
  EXPECT_FALSE(check_reactions(std::vector(kReactionsMax + 1, reaction), {}, {}));
}

TEST(Reaction, UseInTheWordsOfTheCondition) {
  EXPECT_EQ(use_text(*parse_condition("memory > 90%"), 45, 90), "45%");
  EXPECT_EQ(use_text(*parse_condition("memory > 1M"), 45, 1 << 20), "45");
  EXPECT_EQ(use_text(*parse_condition("cpu > 1.5"), 1234, 1500), "1.23");
}

TEST(ReactionJudge, OnceForEachTimeThatItLasts) {
  ReactionJudge judge;
  auto add = [&, now = uint64_t{1000}](double use) mutable { return judge.add(use, 100, now += 1000, 3); };
  EXPECT_FALSE(add(100)) << "not above";
  EXPECT_FALSE(add(101));
  EXPECT_FALSE(add(101));
  EXPECT_FALSE(add(99)) << "a break";
  EXPECT_FALSE(add(101));
  EXPECT_FALSE(add(101));
  EXPECT_FALSE(add(101));
  EXPECT_TRUE(add(101)) << "3 s later";
  EXPECT_FALSE(add(500));
  EXPECT_FALSE(add(99));
  for (int i = 0; i < 9; i++) EXPECT_FALSE(add(101)) << "it was not well below";
  EXPECT_FALSE(add(94));
  for (int i = 0; i < 3; i++) EXPECT_FALSE(add(101));
  EXPECT_TRUE(add(101));
}

TEST(ReactionJudge, WhatIsNotSeenDoesNotCount) {
  ReactionJudge judge;
  EXPECT_FALSE(judge.add(2, 1, 1000, 5));
  judge.skip();
  EXPECT_FALSE(judge.add(2, 1, 9000, 5));
  EXPECT_TRUE(judge.add(2, 1, 14000, 5));
  EXPECT_TRUE(ReactionJudge().add(2, 1, 1000, 0)) << "without a time at once";
}

} // namespace
} // namespace jails
