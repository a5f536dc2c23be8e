#include "model/exec_rule.h"
#include "result.h"

#include <gtest/gtest.h>

namespace jails {
namespace {

TEST(ExecRules, AreReadAndWritten) {
  for (const char *text : {"alice", "1000", "%ops", "%1000", "bob as www-data", "%ops as root", "bob as 33:33",
                           "a.b_c-d$ as app:app", "4294967294"}) {
    const auto rule = parse_exec_rule(text);
    ASSERT_TRUE(rule) << rule.error().text();
    EXPECT_EQ(to_string(*rule), text);
  }
  const auto rule = parse_exec_rule("  %ops   as  root ");
  ASSERT_TRUE(rule);
  EXPECT_TRUE(rule->group);
  EXPECT_EQ(rule->who, "ops");
  EXPECT_EQ(rule->as, "root");
}

TEST(ExecRules, WhatIsNone) {
  for (const char *text : {"",
                           " ",
                           "%",
                           "alice as",
                           "as root",
                           "alice root",
                           "alice as root now",
                           "-alice",
                           "al:ice",
                           "alice as :www",
                           "alice as www:",
                           "alice as -x",
                           "al\nice",
                           "al\tice",
                           "4294967295",
                           "99999999999",
                           "alice as 4294967295",
                           "alice as root:4294967296",
                           "%%ops",
                           "alice,bob",
                           "\xff"})
    EXPECT_FALSE(parse_exec_rule(text)) << text;
  EXPECT_FALSE(parse_exec_rule(std::string(65, 'a')));
  EXPECT_ERROR(
      parse_exec_rule("alice as"), ErrorKind::Usage,
      "exec rule 'alice as': expected a user or %group of the host, alone or with 'as' and a user of the jail");
  for (const char *text : {"root", "0", "00", "root as www-data"}) EXPECT_FALSE(parse_exec_rule(text)) << text;
  EXPECT_TRUE(parse_exec_rule("%root"));
}

TEST(ExecRules, AList) {
  std::vector<ExecRule> rules;
  EXPECT_TRUE(add_exec_rule(rules, "alice"));
  EXPECT_TRUE(add_exec_rule(rules, "alice as root"));
  EXPECT_TRUE(add_exec_rule(rules, "%alice"));
  EXPECT_ERROR(add_exec_rule(rules, "alice  as root"), ErrorKind::Usage, "exec rule 'alice  as root': is given twice");
  for (size_t i = rules.size(); i < kExecRulesMax; i++) EXPECT_TRUE(add_exec_rule(rules, std::to_string(1000 + i)));
  EXPECT_TRUE(check_exec_rules(rules));
  EXPECT_FALSE(add_exec_rule(rules, "bob"));
  rules.push_back(*parse_exec_rule("bob"));
  EXPECT_FALSE(check_exec_rules(rules));
}

} // namespace
} // namespace jails
