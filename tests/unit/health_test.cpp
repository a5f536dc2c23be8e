#include "model/health.h"
#include "result.h"

#include <gtest/gtest.h>

namespace jails {
namespace {

HealthSpec spec_of(uint32_t retries, uint32_t start_period_ms) {
  HealthSpec spec;
  spec.command = {"/bin/check"};
  spec.retries = retries;
  spec.start_period_ms = start_period_ms;
  return spec;
}

TEST(HealthJudge, UncheckedUntilThereIsACheck) {
  EXPECT_EQ(HealthJudge().state(), Health::Unchecked);
  EXPECT_EQ(HealthJudge(spec_of(1, 0), 0).state(), Health::Starting);
}

using Verdict = HealthJudge::Verdict;

TEST(HealthJudge, ASuccessIsEnoughFailuresInARowAreNeeded) {
  HealthJudge judge(spec_of(3, 0), 1000);
  EXPECT_EQ(judge.add(true, 1001), Verdict::Better);
  EXPECT_EQ(judge.state(), Health::Healthy);
  EXPECT_EQ(judge.add(false, 1002), Verdict::Same);
  EXPECT_EQ(judge.add(false, 1003), Verdict::Same);
  EXPECT_EQ(judge.add(true, 1004), Verdict::Same); // in between: they count anew
  EXPECT_EQ(judge.failures(), 0U);
  EXPECT_EQ(judge.add(false, 1005), Verdict::Same);
  EXPECT_EQ(judge.add(false, 1006), Verdict::Same);
  EXPECT_EQ(judge.state(), Health::Healthy);
  EXPECT_EQ(judge.add(false, 1007), Verdict::Worse);
  EXPECT_EQ(judge.state(), Health::Unhealthy);
  EXPECT_EQ(judge.add(true, 1009), Verdict::Better);
  EXPECT_EQ(judge.state(), Health::Healthy);
}

TEST(HealthJudge, StillIllAfterAsManyFailuresMore) {
  HealthJudge judge(spec_of(2, 0), 0);
  EXPECT_EQ(judge.add(false, 1), Verdict::Same);
  EXPECT_EQ(judge.add(false, 2), Verdict::Worse);
  EXPECT_EQ(judge.add(false, 3), Verdict::Same);
  EXPECT_EQ(judge.add(false, 4), Verdict::StillIll);
  EXPECT_EQ(judge.add(false, 5), Verdict::Same);
  EXPECT_EQ(judge.add(false, 6), Verdict::StillIll);
  EXPECT_EQ(judge.failures(), 6U);
}

TEST(HealthJudge, FailuresOfTheStartPeriodDoNotCount) {
  HealthJudge judge(spec_of(1, 5000), 1000);
  EXPECT_EQ(judge.add(false, 5999), Verdict::Same);
  EXPECT_EQ(judge.state(), Health::Starting);
  EXPECT_EQ(judge.failures(), 0U);
  EXPECT_EQ(judge.add(false, 6000), Verdict::Worse);
  EXPECT_EQ(judge.state(), Health::Unhealthy);
  // Once it was well, the period is over.
  HealthJudge other(spec_of(1, 5000), 1000);
  EXPECT_EQ(other.add(true, 1001), Verdict::Better);
  EXPECT_EQ(other.add(false, 1002), Verdict::Worse);
}

TEST(HealthJudge, WhatStoodStillGetsItsStartPeriodAgain) {
  HealthJudge judge(spec_of(1, 5000), 1000);
  judge.thawed(9000);
  EXPECT_EQ(judge.add(false, 13999), Verdict::Same);
  EXPECT_EQ(judge.add(false, 14000), Verdict::Worse);
  judge.thawed(20000);
  EXPECT_EQ(judge.state(), Health::Unhealthy);
}

TEST(HealthSpec, Ranges) {
  const auto ports = std::vector{*parse_port("80"), *parse_port("udp/53")};
  EXPECT_TRUE(check_health({}, {}));
  EXPECT_TRUE(check_health(spec_of(1000, kHealthMaxMs), {}));
  HealthSpec spec;
  spec.port = *parse_port("80");
  EXPECT_TRUE(check_health(spec, ports));
  EXPECT_ERROR(check_health(spec, {}), ErrorKind::Usage, "health check: port 80 is not among the jail's ports");
  spec.http = "/health?deep=1";
  EXPECT_TRUE(check_health(spec, ports));
  for (const char *bad : {"health", "/a b", "/a\r\nX: y", "/\x7f", "/\xc3\xa4"}) {
    spec.http = bad;
    EXPECT_FALSE(check_health(spec, ports)) << bad;
  }
  spec.http = "/" + std::string(1024, 'a');
  EXPECT_FALSE(check_health(spec, ports));
  spec.http.clear();
  spec.port = *parse_port("udp/53");
  EXPECT_ERROR(check_health(spec, ports), ErrorKind::Usage, "health check: port udp/53 is not TCP");
  EXPECT_ERROR(check_health(spec_of(0, 0), {}), ErrorKind::Usage, "health check: 0 retries: expected 1 to 1000");
  spec = spec_of(1, 0);
  spec.http = "/";
  EXPECT_ERROR(check_health(spec, ports), ErrorKind::Usage, "health check: http needs a port");
  spec = spec_of(1, 0);
  spec.recovery = Recovery::Command;
  EXPECT_ERROR(check_health(spec, {}), ErrorKind::Usage, "health check: recovery \"command\" needs recovery_command");
  spec.recovery_command = {"/bin/repair"};
  EXPECT_TRUE(check_health(spec, {}));
  spec.recovery = Recovery::Restart;
  EXPECT_ERROR(check_health(spec, {}), ErrorKind::Usage,
               "health check: recovery_command is only run with recovery \"command\"");
}

TEST(HealthSpec, StatusOfHttp) {
  EXPECT_EQ(http_status("HTTP/1.1 200 OK\r"), 200U);
  EXPECT_EQ(http_status("HTTP/1.0 503"), 503U);
  for (const char *bad : {"", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 2000 X", "HTTP/2 200", "http/1.1 200",
                          "HTTP/1.1  200", "HTTP/1.x 200", "HTTP/1.1 2x0", "SSH-2.0-OpenSSH"})
    EXPECT_EQ(http_status(bad), 0U) << bad;
}

TEST(HealthSpec, LastWords) {
  EXPECT_EQ(last_words(""), "");
  EXPECT_EQ(last_words("\n \n\n"), "");
  EXPECT_EQ(last_words("one\ntwo\n\n"), "two");
  EXPECT_EQ(last_words("no newline"), "no newline");
  EXPECT_EQ(last_words("\x1b[2Jevil\n"), "\\x1b[2Jevil");
  EXPECT_EQ(last_words(std::string(5000, 'x')), std::string(200, 'x'));
  EXPECT_LE(last_words(std::string(5000, '\x01')).size(), 800U);
}

} // namespace
} // namespace jails
