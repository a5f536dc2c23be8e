// Denials in words, and the advice.
#include "denial/advice.h"
#include "denial/call.h"
#include "denial/format.h"
#include "denial/report.h"
#include "denial/rules.h"

#include "abi/syscall_policy.h"

#include <arpa/inet.h>
#include <cstring>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

namespace jails::denial {
namespace {

using Args = std::array<uint64_t, 6>;

Denial port(sj_rule rule, uint32_t number, const char *address = nullptr) {
  Denial denial;
  denial.rule = rule;
  denial.object.port.port = number;
  denial.object.port.protos = SJ_TCP;
  denial.object.port.at.family = 4;
  if (address != nullptr) inet_pton(AF_INET, address, denial.object.port.at.addr_be);
  denial.program = "httpd";
  denial.pid = 7;
  denial.count = 3;
  return denial;
}

Denial call(uint32_t nr, const Args &args = {}) {
  Denial denial;
  denial.rule = SJ_RULE_SYSCALL;
  denial.object = object_of_call(nr, args);
  denial.program = "sh";
  denial.pid = 7;
  denial.count = 1;
  return denial;
}

Denial device(uint32_t type, uint32_t access, uint32_t major, uint32_t minor) {
  Denial denial;
  denial.rule = SJ_RULE_DEVICE;
  denial.object.device = {.type = type, .access = access, .major = major, .minor = minor};
  return denial;
}

JailRow jail(Profile profile) {
  JailRow row;
  row.jid = 3;
  row.name = "web";
  row.profile = profile;
  return row;
}

std::string advice_for(const Denial &denial, Profile profile) {
  return advise(denial, jail(profile), sj_profile_permissions(static_cast<uint32_t>(profile)), {}).setting;
}

TEST(Object, Ports) {
  EXPECT_EQ(object_text(port(SJ_RULE_BIND_UNRESERVED, 80)), "tcp/80");
  EXPECT_EQ(object_text(port(SJ_RULE_BIND_OWNED, 80, "127.0.0.1")), "tcp/80@127.0.0.1");
}

TEST(Object, Devices) {
  EXPECT_EQ(object_text(device(2, 2, 1, 11)), "character 1:11 (kmsg), read");
  EXPECT_EQ(object_text(device(1, 6, 8, 16)), "block 8:16 (sd), read, write");
  EXPECT_EQ(object_text(device(2, 1, 99, 0)), "character 99:0, mknod");
}

TEST(Object, WhatAJailWroteIsShownSafely) {
  Denial sysctl;
  sysctl.rule = SJ_RULE_SYSCTL;
  memset(sysctl.object.sysctl, 'x', sizeof sysctl.object.sysctl); // no terminating NUL
  EXPECT_EQ(object_text(sysctl), std::string(SJ_SYSCTL_NAME, 'x'));
  Denial denial = port(SJ_RULE_BIND_UNRESERVED, 80);
  denial.program = "a\nb\x1b";
  EXPECT_EQ(program_text(denial), "a\\x0ab\\x1b (uid 0)");
  denial.pid = 0;
  EXPECT_EQ(program_text(denial), "-");
}

TEST(Object, Calls) {
  EXPECT_EQ(object_text(call(__NR_mount, {1, 2, 3})), "mount");
  EXPECT_EQ(object_text(call(__NR_ptrace, {16, 99})), "ptrace(request=16)");
  EXPECT_EQ(object_text(call(__NR_socket, {17, 3 | 02000000, 768})),
            "socket(family=17 PACKET, type=3 RAW, protocol=768)");
  EXPECT_EQ(object_text(call(__NR_prlimit64, {0, 4, 0x7fff12345678})), "prlimit64(pid=0, resource=4, set=yes)");
  EXPECT_EQ(object_text(call(__NR_mknod, {1, 0020600})), "mknod(mode=020600)");
  EXPECT_EQ(object_text(call(__NR_setpriority, {0, 0xffffffffULL})), "setpriority(which=0, who=-1)");
  EXPECT_EQ(object_text(call(700)), "call 700");
}

TEST(Object, OfAPointerOnlyWhetherThereIsOne) {
  const auto one = call(__NR_prlimit64, {0, 4, 0x7fff12345678});
  const auto other = call(__NR_prlimit64, {0, 4, 0x1000});
  EXPECT_EQ(memcmp(&one.object, &other.object, sizeof one.object), 0);
}

// What is kept of a call decides as the call itself: otherwise the advice would speak of another one.
TEST(Object, KeepsWhatTheRulesLookAt) {
  for (const auto &rule : sj_syscall_rules) {
    Args args{};
    for (const auto &condition : rule.when)
      if (condition.op == SJ_EQ)
        args[condition.arg] = condition.value;
      else if (condition.op != SJ_ANY)
        args[condition.arg] = condition.value + 1;
    __u64 kept[6];
    arguments_of(object_of_call(rule.nr, args), kept);
    for (const uint32_t profile : {0, 1, 2})
      EXPECT_EQ(sj_syscall(profile, sj_profile_permissions(profile), rule.nr, kept),
                sj_syscall(profile, sj_profile_permissions(profile), rule.nr,
                           std::array<__u64, 6>{args[0], args[1], args[2]}.data()))
          << rule.nr;
  }
}

TEST(Advice, Ports) {
  EXPECT_EQ(advice_for(port(SJ_RULE_BIND_UNRESERVED, 80), Profile::High), "ports = [\"tcp/80\"]");
  EXPECT_EQ(advice_for(port(SJ_RULE_LISTEN_UNBOUND, 4000, "10.0.0.5"), Profile::High),
            "ports = [\"tcp/4000@10.0.0.5\"]");
  auto owner = jail(Profile::Low);
  owner.jid = 4;
  owner.name = "db";
  owner.ports.push_back({.port = 80});
  const auto advice = advise(port(SJ_RULE_BIND_OWNED, 80), jail(Profile::High), 0, {&owner, 1});
  EXPECT_EQ(advice.setting, "");
  EXPECT_EQ(advice_text(advice), "nothing: jail db has reserved tcp/80");
}

TEST(Advice, Calls) {
  EXPECT_EQ(advice_for(call(__NR_shmget), Profile::High), "allow = [\"sysvipc\"]");
  EXPECT_EQ(advice_for(call(__NR_chroot), Profile::High), "allow = [\"chroot\"]");
  EXPECT_EQ(advice_for(call(__NR_chroot), Profile::Medium), "allow = [\"chroot\"]");
  EXPECT_EQ(advice_for(call(__NR_mount), Profile::High), "");
  EXPECT_EQ(advice_for(call(__NR_sched_setaffinity, {77}), Profile::High), "profile = \"medium\"");
  EXPECT_EQ(advice_for(call(__NR_sched_setaffinity, {77}), Profile::Low), "");
  EXPECT_EQ(advice_for(call(__NR_setpriority, {1, 77}), Profile::High), "") << "a group";
  EXPECT_EQ(advice_for(call(__NR_ptrace, {16}), Profile::High), "allow = [\"ptrace\"]");
  EXPECT_EQ(advice_for(call(__NR_ptrace, {0}), Profile::High), "allow = [\"trace-me\"]") << "PTRACE_TRACEME";
}

TEST(Advice, ServicesOfTheHostAndOfJails) {
  EXPECT_EQ(advice_for(port(SJ_RULE_CALL_HOST, 5432, "127.0.0.1"), Profile::High), "connect = [\"127.0.0.1:5432\"]");
  EXPECT_EQ(advice_for(port(SJ_RULE_CALL_NEAR, 80, "169.254.1.1"), Profile::High), "connect = [\"169.254.1.1:80\"]");
  EXPECT_EQ(advice_for(port(SJ_RULE_ADDRESS, 0, "10.0.0.7"), Profile::High), "addresses = [\"10.0.0.7\"]");
  EXPECT_EQ(advice_for(port(SJ_RULE_BIND_SHARED, 80), Profile::Low), "");
  JailRow db = jail(Profile::High);
  db.jid = 9;
  db.name = "db";
  db.ports = {*parse_port("5432")};
  EXPECT_EQ(advise(port(SJ_RULE_CALL_JAIL, 5432, "127.0.0.1"), jail(Profile::High), 0, {&db, 1}).setting,
            "connect = [\"db:5432\"]");
}

TEST(Advice, NothingForTheRest) {
  EXPECT_EQ(advice_for(device(2, 2, 1, 1), Profile::Low), "");
  Denial rest = call(__NR_chroot);
  rest.rest = true;
  EXPECT_EQ(advice_for(rest, Profile::High), "");
}

TEST(Rules, EachHasAName) {
  std::set<std::string> names;
  for (int i = 0; i < SJ_RULES; i++) names.insert(describe(static_cast<sj_rule>(i)).name);
  EXPECT_EQ(names.size(), size_t{SJ_RULES});
}

Report report() {
  Report report;
  report.jail = jail(Profile::High);
  report.denials = {port(SJ_RULE_BIND_UNRESERVED, 80), call(__NR_mount), call(__NR_keyctl)};
  report.denials[1].program = "a\"\xff\n";
  for (const auto &denial : report.denials) report.advice.push_back(advise(denial, report.jail, 0, {}));
  report.totals.count[SJ_RULE_BIND_UNRESERVED] = 3;
  report.sources = {{.name = "landlock", .covers = "signals", .active = false, .detail = "off"}};
  return report;
}

TEST(Format, TableNamesEachAdviceOnce) {
  const std::string text = table(report());
  EXPECT_NE(text.find("  ports = [\"tcp/80\"] - "), std::string::npos) << text;
  EXPECT_NE(text.find("  nothing: no profile and no permission allows this call\n      mount; keyctl(operation=0)\n"),
            std::string::npos)
      << text;
  EXPECT_TRUE(text.ends_with("\nnot told by landlock: signals: off\n")) << text;
  Report empty = report();
  empty.denials.clear();
  EXPECT_TRUE(table(empty).starts_with("nothing was refused to web\n"));
}

TEST(Format, TabSeparatedHasTenFields) {
  const std::string text = tab_separated(report(), true);
  size_t lines = 0;
  for (size_t at = 0; at < text.size(); lines++) {
    const size_t end = text.find('\n', at);
    EXPECT_EQ(std::count(text.begin() + static_cast<long>(at), text.begin() + static_cast<long>(end), '\t'), 9);
    at = end + 1;
  }
  EXPECT_EQ(lines, 4U);
}

TEST(Format, JsonIsJson) {
  const auto read = nlohmann::json::parse(json(report()), nullptr, false);
  ASSERT_FALSE(read.is_discarded());
  EXPECT_EQ(read["jid"], 3);
  ASSERT_EQ(read["denials"].size(), 3U);
  EXPECT_EQ(read["denials"][0]["allow"], "ports = [\"tcp/80\"]");
  EXPECT_TRUE(read["denials"][1]["allow"].is_null());
  EXPECT_EQ(read["denials"][1]["program"], "a\"\\xff\\x0a");
  EXPECT_EQ(read["totals"]["bind-unreserved"], 3);
  EXPECT_FALSE(read["sources"][0]["active"]);
}

} // namespace
} // namespace jails::denial
