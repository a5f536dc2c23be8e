#include "result.h"
#include "supervise/addresses.h"
#include "supervise/back_off.h"
#include "supervise/denial_log.h"
#include "supervise/log_message.h"
#include "supervise/log_rate.h"
#include "supervise/passwd.h"
#include "supervise/protocol.h"
#include "supervise/wire.h"

#include <gtest/gtest.h>

namespace jails::supervise {
namespace {

TEST(BackOff, DoublesToTenAndStartsOverAfterALongRun) {
  BackOff back_off;
  const Restart always;
  for (const uint32_t wanted : {1U, 2U, 4U, 8U, 10U, 10U}) EXPECT_EQ(back_off.next(always, true, 5, 0).seconds, wanted);
  EXPECT_EQ(back_off.next(always, true, 29999, 0).seconds, 10U);
  EXPECT_EQ(back_off.next(always, true, 30000, 0).seconds, 1U);
  EXPECT_EQ(back_off.next(always, false, 5, 0).seconds, 2U); // status 0 is restarted as well
}

TEST(BackOff, Policies) {
  BackOff back_off;
  EXPECT_EQ(back_off.next({.policy = RestartPolicy::Never}, true, 5, 0).seconds, std::nullopt);
  EXPECT_EQ(back_off.next({.policy = RestartPolicy::OnFailure}, false, 5, 0).seconds, std::nullopt);
  EXPECT_EQ(back_off.next({.policy = RestartPolicy::OnFailure}, true, 5, 0).seconds, 1U);
}

TEST(BackOff, GivesUpAtTheLimitWithinTheWindow) {
  const Restart rules{.policy = RestartPolicy::Always, .limit = 3, .window_ms = 20000};
  BackOff back_off;
  uint64_t now = 1000;
  for (const uint32_t wanted : {1U, 2U, 4U}) { // a command that ends at once
    const auto next = back_off.next(rules, true, 0, now);
    EXPECT_EQ(next.seconds, wanted);
    EXPECT_FALSE(next.gave_up);
    now += wanted * 1000;
  }
  const auto next = back_off.next(rules, true, 0, now);
  EXPECT_TRUE(next.gave_up);
  EXPECT_EQ(next.seconds, std::nullopt);
}

TEST(BackOff, RestartsOutsideTheWindowDoNotCount) {
  const Restart rules{.policy = RestartPolicy::Always, .limit = 2, .window_ms = 20000};
  BackOff back_off;
  for (uint64_t now = 0; now < 1000000; now += 25000)
    EXPECT_FALSE(back_off.next(rules, true, 24000, now).gave_up) << now;
  // A policy that restarts nothing gives nothing up either.
  BackOff other;
  for (int i = 0; i < 9; i++)
    EXPECT_FALSE(other.next({.policy = RestartPolicy::OnFailure, .limit = 1}, false, 0, 0).gave_up);
}

TEST(DenialLog, FirstAtOnceThenALineAMinuteAndRule) {
  std::vector<std::string> lines;
  bool last_was_first = false;
  const auto write = [&](std::string_view line, bool first) {
    lines.emplace_back(line);
    last_was_first = first;
  };
  Denials now;
  now.count[SJ_RULE_DEVICE] = 7;
  DenialLog log(now); // of before the start
  log.update(now, 100, write);
  EXPECT_TRUE(lines.empty());
  now.count[SJ_RULE_SYSCALL] = 1;
  log.update(now, 100, write);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(last_was_first);
  EXPECT_EQ(lines[0], "refused: system call outside the profile: 1 time; 'jailctl why' has the rest");
  now.count[SJ_RULE_SYSCALL] = 500;
  log.update(now, 60099, write);
  EXPECT_EQ(lines.size(), 1U);
  now.count[SJ_RULE_DEVICE] = 8; // another rule has its own minute
  log.update(now, 60099, write);
  EXPECT_EQ(lines.size(), 2U);
  log.update(now, 60100, write);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[2], "refused: system call outside the profile: 499 times; 'jailctl why' has the rest");
  EXPECT_FALSE(last_was_first);
  log.update(now, 999999, write);
  EXPECT_EQ(lines.size(), 3U) << "nothing new";
}

TEST(LogRate, ClosesForASecondAndTellsWhatItHeld) {
  LogRate rate(10, 0);
  EXPECT_FALSE(rate.advance(1000));
  for (int i = 0; i < 50; i++) EXPECT_TRUE(rate.take(100)) << i; // five seconds' worth
  for (int i = 0; i < 7; i++) EXPECT_FALSE(rate.take(100));
  EXPECT_FALSE(rate.advance(1999)) << "not yet, though there is room again";
  EXPECT_FALSE(rate.take(1));
  const auto held = rate.advance(2000);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->lines, 8U);
  EXPECT_EQ(held->ms, 1000U);
  for (int i = 0; i < 10; i++) EXPECT_TRUE(rate.take(100)) << i;
  EXPECT_FALSE(rate.take(100));
  EXPECT_EQ(rate.held()->lines, 1U) << "at the end, however short ago";
  EXPECT_FALSE(rate.held());
}

TEST(LogRate, BytesAndNoLimit) {
  LogRate bytes(0, 100);
  EXPECT_FALSE(bytes.advance(1));
  EXPECT_TRUE(bytes.take(5000)) << "one that is too long for the bucket passes";
  EXPECT_FALSE(bytes.take(1));
  EXPECT_FALSE(bytes.advance(5001)) << "and is paid for";
  EXPECT_TRUE(bytes.advance(50001));
  LogRate none(0, 0);
  for (int i = 0; i < 100000; i++) ASSERT_TRUE(none.take(100000));
}

LogSource source() {
  return {.jail = "web", .jid = 3, .facility = 19, .tag = "my tag", .host = "h\303\266st", .pid = 42};
}

TEST(LogMessage, Forms) {
  setenv("TZ", "UTC", 1);
  tzset();
  const timespec time{.tv_sec = 1795348805, .tv_nsec = 123456789};
  EXPECT_EQ(rfc3164_message(source(), log::Stream::Out, 5, time, "hello"),
            "<157>Nov 22 12:00:05 my tag[42]: jail=web jid=3 stdout: hello");
  EXPECT_EQ(rfc3164_message(source(), log::Stream::Jail, 6, time, "started"),
            "<158>Nov 22 12:00:05 my tag[42]: jail=web jid=3 started");
  EXPECT_EQ(rfc5424_message(source(), log::Stream::Err, 3, time, "hello"),
            "<155>1 2026-11-22T12:00:05.123456Z h__st my_tag 42 stderr [jail@32473 name=\"web\" id=\"3\" "
            "stream=\"stderr\"] jail=web jid=3 stderr: hello");
  EXPECT_EQ(journal_message(source(), log::Stream::Out, 5, "hello"),
            "MESSAGE=jail=web jid=3 stdout: hello\nPRIORITY=5\nSYSLOG_FACILITY=19\nSYSLOG_IDENTIFIER=my tag\n"
            "SYSLOG_PID=42\nJAIL_NAME=web\nJAIL_ID=3\nJAIL_STREAM=stdout\n");
}

constexpr std::string_view kPasswd = "root:x:0:0:root:/root:/bin/sh\n"
                                     "www-data:x:33:33:www:/var/www:/usr/sbin/nologin\n"
                                     "evil:x:-1:0::/:/bin/sh\n"
                                     "max:x:4294967295:0::/:/bin/sh\n"
                                     "over:x:4294967296:0::/:/bin/sh\n"
                                     "short:x:5\n"
                                     "123:x:0:0::/n:/bin/sh\n"
                                     "4294967296:x:0:0::/n:/bin/sh\n"
                                     "rel:x:9:9::relative:shell\n";
constexpr std::string_view kGroup = "adm:x:4:www-data,other\nwww-data:x:33:\nbad:x:4294967295:www-data\n";

TEST(FindUser, ByNameNumberAndGroup) {
  const auto www = find_user("www-data", kPasswd, kGroup);
  ASSERT_TRUE(www);
  EXPECT_EQ(www->uid, 33U);
  EXPECT_EQ(www->gid, 33U);
  EXPECT_EQ(www->groups, (std::vector<uint32_t>{33, 4}));
  EXPECT_EQ(www->home, "/var/www");
  EXPECT_EQ(
      find_user("www-data", kPasswd, "a:x:1:www-dat,www-data\nb:x:2:,,www-data,\nc:x:3:www-data2\nd:x:4:,\n")->groups,
      (std::vector<uint32_t>{33, 1, 2}));
  EXPECT_EQ(find_user("33", kPasswd, kGroup)->name, "www-data");
  EXPECT_EQ(find_user("", kPasswd, kGroup)->uid, 0U);
  EXPECT_EQ(find_user("", "", "")->uid, 0U);
  const auto grouped = find_user("www-data:adm", kPasswd, kGroup);
  EXPECT_EQ(grouped->gid, 4U);
  EXPECT_TRUE(grouped->groups.empty());
  const auto unknown = find_user("1000", kPasswd, kGroup);
  EXPECT_EQ(unknown->uid, 1000U);
  EXPECT_EQ(unknown->gid, 1000U);
  EXPECT_EQ(unknown->home, "/");
}

TEST(FindUser, HostileEntriesNeverBecomeRoot) { // CVE-2026-30892, CVE-2016-3697
  for (auto who : {"evil", "max", "over", "short", "nobody", "4294967295", "4294967296", "-1", "root ", ":"})
    EXPECT_FALSE(find_user(who, kPasswd, kGroup)) << who;
  const auto digits = find_user("123:4", kPasswd, "4:x:0:\n"); // never names
  EXPECT_EQ(digits->uid, 123U);
  EXPECT_EQ(digits->gid, 4U);
  EXPECT_FALSE(find_user("123:4294967295", kPasswd, "4294967295:x:0:\n"));
  EXPECT_EQ(find_user("rel", kPasswd, kGroup)->home, "/");
  EXPECT_EQ(find_user("rel", kPasswd, kGroup)->shell, "/bin/sh");
  EXPECT_FALSE(find_user("www-data:nogroup", kPasswd, kGroup));
  const std::string nul("nul\0x:x:0:0::/:/bin/sh\n", 23);
  EXPECT_FALSE(find_user("nul", nul, ""));
}

TEST(Protocol, RequestsComeBackAsTheyWere) {
  Request request{.type = RequestType::Exec, .exec = {}};
  request.exec.stdio = {anchor::Stdio::Null, anchor::Stdio::Descriptor, anchor::Stdio::Terminal};
  request.exec.user = "www-data";
  request.exec.environment = {"A=b", "EMPTY="};
  request.exec.command = {"sh", "-c", "exit 3", ""};
  request.exec.rows = 50;
  const auto back = decode_request(encode(request));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->exec.command, request.exec.command);
  EXPECT_EQ(back->exec.environment, request.exec.environment);
  EXPECT_EQ(back->exec.stdio, request.exec.stdio);
  EXPECT_EQ(back->exec.rows, 50U);
}

TEST(Protocol, AProbeRunsAsAUidThatExists) {
  Request request{.type = RequestType::Probe, .exec = {}, .probe = {1000}};
  const auto back = decode_request(encode(request));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->type, RequestType::Probe);
  EXPECT_EQ(back->probe.uid, 1000U);
  request.probe.uid = UINT32_MAX; // setresuid(2) takes it for "no change"
  EXPECT_FALSE(decode_request(encode(request)));
}

TEST(Protocol, EveryTruncationAndTrailingByteIsMalformed) {
  Request request{.type = RequestType::Exec, .exec = {}};
  request.exec.command = {"true"};
  const std::string whole = encode(request);
  for (size_t size = 0; size < whole.size(); size++) EXPECT_FALSE(decode_request(whole.substr(0, size))) << size;
  EXPECT_FALSE(decode_request(whole + "x"));
  std::string huge = whole;
  for (size_t i = 0; i + 4 <= huge.size(); i += 4) {
    std::string bad = whole;
    bad.replace(i, 4, "\xff\xff\xff\xff");
    (void)decode_request(bad); // must return, whatever it says
  }
}

TEST(Protocol, SpecsComeBackAsTheyWere) {
  Spec spec = default_spec(*JailName::parse("web"), "/srv/jails/web");
  spec.profile = Profile::Medium;
  spec.permissions = {*parse_permission("chroot") | *parse_permission("mlock"), *parse_permission("suid")};
  spec.ports = {*parse_port("8080"), *parse_port("udp/53@10.0.0.5")};
  spec.net.connect = {*parse_destination("db:5432/tcp"), *parse_destination("[::1]:53")};
  spec.net.addresses = {*parse_own_address("10.0.0.5"), *parse_own_address("fd00::5")};
  spec.limits.memory = 1U << 20;
  spec.limits.swap = 0;
  spec.limits.disk = 64U << 20;
  spec.image = "/data/disk.img";
  spec.limits.cpus = "0-3";
  spec.limits.io = {{.device = "8:0", .read_bytes = 5}};
  spec.reactions = {*parse_reaction("memory > 90% for 10s: exec:/bin/echo 'a b'"), *parse_reaction("cpu > 2: log")};
  spec.reactions[0].timeout_seconds = 7;
  spec.binds = {{"/usr", "/usr", true}, {"/data", "/data", false}};
  spec.command = {"httpd", "-f"};
  spec.restart = {RestartPolicy::OnFailure, 4, 90000};
  spec.hooks.at(HookPoint::Created) = {{"/bin/a", "b"}, {"/bin/c"}};
  spec.hooks.at(HookPoint::Stop) = {{"d"}};
  spec.hooks.timeout_ms = 4321;
  spec.health.command = {"/bin/check", "it"};
  spec.health.retries = 7;
  spec.health.recovery = Recovery::Command;
  spec.health.recovery_command = {"/bin/repair"};
  spec.health.recovery_timeout_ms = 1234;
  spec.log.tag = "jail-web";
  const auto back = decode_spec(encode(spec));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(back->permissions, spec.permissions);
  EXPECT_EQ(back->ports, spec.ports);
  EXPECT_EQ(back->net, spec.net);
  EXPECT_EQ(back->limits, spec.limits);
  EXPECT_EQ(back->image, spec.image);
  EXPECT_EQ(back->reactions, spec.reactions);
  EXPECT_EQ(back->binds, spec.binds);
  EXPECT_EQ(back->command, spec.command);
  EXPECT_EQ(back->log.tag, "jail-web");
  const std::string whole = encode(spec);
  for (size_t size = 0; size < whole.size(); size++) EXPECT_FALSE(decode_spec(whole.substr(0, size))) << size;
}

TEST(Protocol, ASpecOfAnotherVersion) {
  PartsWriter older;
  older.put("name", [](Writer &part) { part.text("web"); });
  older.put("root", [](Writer &part) { part.text("/srv/jails/web"); });
  const auto spec = decode_spec(older.bytes("jail-spec"));
  ASSERT_TRUE(spec) << spec.error().text();
  EXPECT_EQ(spec->stop_grace_ms, 5000U) << "what it does not say is the default";
  EXPECT_FALSE(decode_spec(older.bytes("supervisor")));
  PartsWriter twice = older;
  twice.put("root", [](Writer &part) { part.text("/srv/jails/other"); });
  EXPECT_FALSE(decode_spec(twice.bytes("jail-spec")));
  older.put("telepathy", [](Writer &part) { part.number(1); });
  EXPECT_ERROR(decode_spec(older.bytes("jail-spec")), ErrorKind::Malformed,
               "malformed jail state: written by a newer version, which knows of 'telepathy'");
}

TEST(Protocol, AnotherVersionIsUnderstoodWhereItCounts) {
  const auto of_next_version = [](std::string bytes) {
    const uint32_t version = kProtocolVersion + 1;
    return bytes.replace(0, sizeof version, reinterpret_cast<const char *>(&version), sizeof version);
  };
  const auto stop =
      decode_request(of_next_version(encode(Request{.type = RequestType::Stop, .exec = {}, .grace_ms = 7})));
  ASSERT_TRUE(stop);
  EXPECT_EQ(stop->grace_ms, 7U);
  EXPECT_FALSE(decode_request(of_next_version(encode(Request{.type = RequestType::Exec, .exec = {}}))));
  Reply status{.type = ReplyType::Status, .text = {}, .status = {.supervisor = 12, .state = "running"}};
  const auto longer = decode_reply(of_next_version(encode(status)) + "of a later version");
  ASSERT_TRUE(longer);
  EXPECT_EQ(longer->status.state, "running");
  EXPECT_FALSE(decode_reply(encode(status) + "x")) << "of this version it is just wrong";
  EXPECT_FALSE(decode_reply(of_next_version(encode(Reply{.type = ReplyType::Limits, .text = {}, .status = {}}))));
}

TEST(Addresses, OnlyThoseOfTheHost) {
  const auto check = [](std::initializer_list<const char *> texts) {
    std::vector<IpAddress> list;
    for (const char *text : texts) list.push_back(*parse_own_address(text));
    return check_addresses(list);
  };
  EXPECT_TRUE(check({}));
  EXPECT_TRUE(check({"127.0.0.1", "127.9.8.7"})) << "all of 127.0.0.0/8 is there";
  EXPECT_ERROR(check({"127.0.0.1", "203.0.113.77"}), ErrorKind::NotFound,
               "address 203.0.113.77: this host does not have it");
  EXPECT_ERROR(check({"2001:db8::77"}), ErrorKind::NotFound, "address 2001:db8::77: this host does not have it");
}

} // namespace
} // namespace jails::supervise
