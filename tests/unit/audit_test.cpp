// Records of the host's audit log, and what a supervisor makes of them. The texts are those of a real host (6.18).
#include "denial/audit_filter.h"
#include "denial/audit_record.h"
#include "denial/audit_state.h"
#include "denial/report.h"

#include <asm/unistd.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jails::denial {
namespace {

constexpr pid_t kAnchor = 8566;
constexpr const char *kDomain = "audit(1795409415.169:2): domain=1d0064fbe status=allocated mode=enforcing pid=8566 "
                                "uid=0 exe=\"/tmp/aud/ll\" comm=\"ll\"";

std::string call_text(unsigned serial, unsigned nr, const char *result, const char *args, pid_t pid = 9000,
                      const char *comm = "\"kill\"") {
  return fmt::format(
      "audit(1795409415.169:{}): arch=c000003e syscall={} {} {} items=0 ppid=8461 pid={} auid=4294967295 "
      "uid=33 gid=0 euid=0 tty=(none) ses=4294967295 comm={} exe=\"/bin/kill\" key=(null)",
      serial, nr, result, args, pid, comm);
}
std::string access_text(unsigned serial, const char *rest, const char *domain = "1d0064fbe") {
  return fmt::format("audit(1795409415.169:{}): domain={} blockers={}", serial, domain, rest);
}

Denial shown(const LandlockRecords::Refused &refused) {
  Denial denial;
  denial.rule = refused.rule;
  denial.object = refused.object;
  denial.program = refused.program;
  denial.pid = refused.pid;
  denial.uid = refused.uid;
  return denial;
}

class RecordsTest : public testing::Test {
protected:
  void SetUp() override {
    records.take(AuditType::Domain, kDomain);
    ASSERT_EQ(records.state().domain, 0x1d0064fbeU);
  }
  // One event of two records, as a line of `why`.
  std::string event(const char *access, unsigned nr, const char *result, const char *args) {
    static unsigned serial = 100;
    serial++;
    EXPECT_FALSE(records.take(AuditType::Access, access_text(serial, access)));
    const auto refused = records.take(AuditType::Call, call_text(serial, nr, result, args));
    return refused ? fmt::format("{} {}", static_cast<int>(refused->rule), object_text(shown(*refused))) : "nothing";
  }
  static std::string line(sj_rule rule, const char *object) {
    return fmt::format("{} {}", static_cast<int>(rule), object);
  }
  LandlockRecords records{kAnchor, LandlockRecords::State{}};
};

constexpr const char *kEperm = "success=no exit=-1", *kEacces = "success=no exit=-13";

TEST_F(RecordsTest, WhatIsRefused) {
  EXPECT_EQ(event("scope.signal opid=8208 ocomm=\"python3\"", __NR_kill, kEperm, "a0=2010 a1=a a2=0 a3=0"),
            line(SJ_RULE_SIGNAL, "signal 10 to python3, outside"));
  EXPECT_EQ(event("scope.signal opid=8208 ocomm=\"python3\"", __NR_tgkill, kEperm, "a0=2010 a1=2010 a2=f a3=0"),
            line(SJ_RULE_SIGNAL, "signal 15 to python3, outside"));
  EXPECT_EQ(event("scope.signal opid=2 ocomm=\"kthreadd\"", __NR_kill, kEperm, "a0=ffffffff a1=9 a2=0 a3=0"),
            line(SJ_RULE_SIGNAL, "signal 9 to processes outside"));
  EXPECT_EQ(event("ptrace opid=8208 ocomm=\"python3\"", __NR_ptrace, kEperm, "a0=10 a1=2010 a2=0 a3=0"),
            line(SJ_RULE_TRACE, "python3, outside"));
  EXPECT_EQ(event("ptrace opid=8208 ocomm=\"python3\"", __NR_openat, kEacces, "a0=ffffff9c a1=7ff a2=2 a3=0"),
            line(SJ_RULE_TRACE, "python3, outside"));
  EXPECT_EQ(event("scope.abstract_unix_socket path=006175642D686F7374", __NR_connect, kEperm, "a0=4 a1=7 a2=b a3=7"),
            line(SJ_RULE_CALL_ABSTRACT, "@aud-host"));
  EXPECT_EQ(
      event("fs.make_char path=\"/tmp\" dev=\"vda\" ino=10953205", __NR_mknodat, kEacces, "a0=0 a1=0 a2=2180 a3=1"),
      line(SJ_RULE_LANDLOCK, "fs.make_char /tmp"));
  EXPECT_EQ(event("fs.make_char,fs.refer", __NR_mknodat, kEacces, "a0=0 a1=0 a2=2180 a3=1"),
            line(SJ_RULE_LANDLOCK, "fs.make_char"));
}

TEST_F(RecordsTest, WhatIsNotRefusedIsNone) {
  EXPECT_EQ(event("scope.signal opid=2 ocomm=\"kthreadd\"", __NR_kill, "success=yes exit=0", "a0=ffffffff a1=0"),
            "nothing");
  EXPECT_EQ(event("ptrace opid=2 ocomm=\"kthreadd\"", __NR_getdents64, "success=yes exit=900", "a0=3 a1=0"), "nothing");
  EXPECT_EQ(event("ptrace opid=2 ocomm=\"kthreadd\"", __NR_openat, "success=no exit=-2", "a0=3 a1=0"), "nothing");
}

TEST_F(RecordsTest, OneActIsOneHoweverManyRecordsItHas) {
  for (int i = 2; i < 40; i++)
    records.take(AuditType::Access, access_text(7, fmt::format("scope.signal opid={} ocomm=\"x\"", i).c_str()));
  const std::string call = call_text(7, __NR_kill, kEperm, "a0=ffffffff a1=9");
  const auto refused = records.take(AuditType::Call, call);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->program, "kill");
  EXPECT_EQ(refused->uid, 33U);
  EXPECT_EQ(refused->pid, 9000U);
  EXPECT_FALSE(records.take(AuditType::Call, call)) << "not again";
}

TEST_F(RecordsTest, OthersAreNotOurs) {
  records.take(AuditType::Access, access_text(7, "ptrace opid=2 ocomm=\"x\"", "1d0064fbf"));
  EXPECT_FALSE(records.take(AuditType::Call, call_text(7, __NR_ptrace, kEperm, "a0=10"))) << "another domain";
  EXPECT_FALSE(records.take(AuditType::Call, call_text(8, __NR_ptrace, kEperm, "a0=10"))) << "no record of Landlock";
  records.take(AuditType::Access, access_text(9, "ptrace opid=2 ocomm=\"x\""));
  EXPECT_FALSE(records.take(AuditType::Call, call_text(9, __NR_ptrace, kEperm, "a0=10", kAnchor)))
      << "the anchor's own";
  records.take(AuditType::Domain, "audit(1795409415.169:9): domain=77 status=allocated mode=enforcing pid=1 uid=0");
  EXPECT_EQ(records.state().domain, 0x1d0064fbeU) << "somebody else's";
}

TEST_F(RecordsTest, ADomainIsKnownAfterItsFirstRecord) {
  LandlockRecords fresh(kAnchor, LandlockRecords::State{});
  EXPECT_FALSE(fresh.take(AuditType::Access, access_text(2, "ptrace opid=1 ocomm=\"init\"")));
  EXPECT_FALSE(fresh.take(AuditType::Access, access_text(1, "ptrace opid=1 ocomm=\"init\"", "99")));
  EXPECT_EQ(fresh.unclear(), 0);
  fresh.take(AuditType::Domain, kDomain);
  EXPECT_EQ(fresh.unclear(), 1) << "its own, and no call yet";
  EXPECT_TRUE(fresh.take(AuditType::Call, call_text(2, __NR_ptrace, kEperm, "a0=10")));
  EXPECT_EQ(fresh.unclear(), -1) << "it came";
  EXPECT_FALSE(fresh.take(AuditType::Call, call_text(1, __NR_ptrace, kEperm, "a0=10")));
  EXPECT_TRUE(fresh.state().seen_call);
  fresh.take(AuditType::Access, access_text(3, "ptrace opid=1 ocomm=\"init\""));
  EXPECT_EQ(fresh.unclear(), 0) << "of a call that did not fail";
}

TEST_F(RecordsTest, WithoutCallsNothingIsClear) {
  for (unsigned i = 0; i < 50; i++)
    records.take(AuditType::Access, access_text(i, "scope.signal opid=1 ocomm=\"init\""));
  EXPECT_EQ(records.unclear(), 50);
  EXPECT_EQ(records.unclear(), 0);
}

TEST(Records, ChosenNames) {
  const auto name = [](const char *ocomm) {
    const auto access =
        parse_access(access_text(1, fmt::format("ptrace opid=1 ocomm={} ocomm=\"later\"", ocomm).c_str()));
    return access ? access->other : "?";
  };
  EXPECT_EQ(name("\"sh\""), "sh");
  EXPECT_EQ(name("6120622263"), "a b\"c") << "in hexadecimal";
  EXPECT_EQ(name("\"pid=1\""), "pid=1");
  EXPECT_EQ(name("(null)"), "");
  EXPECT_EQ(name("61F"), "a");
  EXPECT_EQ(name("\"\""), "");
}

TEST(Records, WhatIsNoRecord) {
  for (const char *text :
       {"", "audit", "audit(", "audit():", "audit(1.169): domain=1 blockers=x", "audit(x.169:2): domain=1 blockers=x",
        "audit(1.1690:2): domain=1 blockers=x", "audit(1.169:2) domain=1 blockers=x",
        "audit(1.169:2): domain=0 blockers=x", "audit(1.169:2): domain=g blockers=x", "audit(1.169:2): domain=1",
        "audit(1.169:2): domain=1 blockers=", "audit(1.169:2): domain=1 blockers=\"ptrace\"",
        "audit(1.169:2): domain=11111111111111111 blockers=x", "audit(1.169:2): domain=\"1 blockers=x"})
    EXPECT_FALSE(parse_access(text)) << text;
  EXPECT_FALSE(parse_domain("audit(1.169:2): domain=1 status=deallocated denials=3"));
  EXPECT_FALSE(parse_domain("audit(1.169:2): domain=1 status=allocated pid=-4"));
  EXPECT_FALSE(parse_call("audit(1.169:2): arch=c000003e syscall=-1 success=no exit=-1 pid=1 uid=0"));
}

TEST(AuditState, WhereAJailMayWrite) {
  EXPECT_TRUE(may_tell(AuditState{.enabled = false, .panics = false}, true)) << "it may be switched on later";
  EXPECT_TRUE(may_tell(AuditState{.enabled = true, .panics = false}, true));
  EXPECT_EQ(may_tell(AuditState{.enabled = false, .panics = true}, true).error().kind(), ErrorKind::Denied);
  EXPECT_EQ(may_tell(AuditState{.enabled = true, .panics = false}, false).error().kind(), ErrorKind::Unsupported);
  EXPECT_EQ(may_tell(std::nullopt, true).error().kind(), ErrorKind::Unsupported);
}

// The filter runs where it is meant to, in the kernel.
class FilterTest : public testing::Test {
protected:
  void SetUp() override { ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0); }
  void TearDown() override {
    close(ends[0]);
    close(ends[1]);
  }
  void attach(uint64_t domain) {
    auto code = audit_filter(domain);
    const sock_fprog program{.len = static_cast<unsigned short>(code.size()), .filter = code.data()};
    ASSERT_EQ(setsockopt(ends[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), 0);
  }
  bool passes(AuditType type, const std::string &text) {
    nlmsghdr header{.nlmsg_len = static_cast<uint32_t>(sizeof header + text.size()),
                    .nlmsg_type = static_cast<uint16_t>(type),
                    .nlmsg_flags = 0,
                    .nlmsg_seq = 0,
                    .nlmsg_pid = 0};
    std::string message(reinterpret_cast<const char *>(&header), sizeof header);
    message += text;
    EXPECT_GT(send(ends[0], message.data(), message.size(), 0), 0);
    char room[4096];
    return recv(ends[1], room, sizeof room, 0) == static_cast<ssize_t>(message.size());
  }
  int ends[2]{};
};

TEST_F(FilterTest, LetsThroughWhatIsWanted) {
  attach(0);
  for (const unsigned serial : {1U, 12U, 123U, 12345U, 1234567890U, 4294967295U}) {
    EXPECT_TRUE(passes(AuditType::Access, access_text(serial, "ptrace opid=1 ocomm=\"init\""))) << serial;
    EXPECT_TRUE(passes(AuditType::Call, call_text(serial, 2, kEacces, "a0=1 a1=2 a2=3 a3=4"))) << serial;
    EXPECT_TRUE(passes(AuditType::Call, call_text(serial, 62, kEperm, "a0=1 a1=2 a2=3 a3=4"))) << serial;
    EXPECT_TRUE(passes(AuditType::Call, call_text(serial, 424, kEperm, "a0=1 a1=2 a2=3 a3=4"))) << serial;
    EXPECT_FALSE(passes(AuditType::Call, call_text(serial, 62, "success=yes exit=0", "a0=1 a1=2"))) << serial;
    EXPECT_FALSE(passes(AuditType::Call, call_text(serial, 257, "success=no exit=-2", "a0=1 a1=2"))) << serial;
    EXPECT_FALSE(passes(AuditType::Call, call_text(serial, 257, "success=no exit=-11", "a0=1 a1=2"))) << serial;
  }
  EXPECT_TRUE(passes(AuditType::Domain, kDomain));
  EXPECT_TRUE(passes(AuditType::Call, call_text(1, 101, "per=40000 success=no exit=-1", "a0=1")));
  for (const unsigned type : {1100U, 1305U, 1320U, 1327U, 1400U, 1425U})
    EXPECT_FALSE(passes(static_cast<AuditType>(type), kDomain)) << type;
  EXPECT_FALSE(passes(AuditType::Access, "audit(1795409415.169:12"));
}

TEST_F(FilterTest, OneDomain) {
  attach(0x1d0064fbe);
  EXPECT_TRUE(passes(AuditType::Access, access_text(3, "ptrace opid=1 ocomm=\"init\"")));
  EXPECT_TRUE(passes(AuditType::Domain, kDomain));
  EXPECT_TRUE(passes(AuditType::Call, call_text(3, 62, kEperm, "a0=1 a1=2 a2=3 a3=4")));
  for (const char *other : {"1d0064fb", "1d0064fbf", "1d0064fbe0", "2d0064fbe"})
    EXPECT_FALSE(passes(AuditType::Access, access_text(3, "ptrace opid=1 ocomm=\"init\"", other))) << other;
  for (const uint64_t domain : {uint64_t{1}, ~uint64_t{0}}) {
    attach(domain);
    EXPECT_TRUE(passes(AuditType::Access, access_text(3, "ptrace opid=1", fmt::format("{:x}", domain).c_str())));
    EXPECT_FALSE(passes(AuditType::Access, access_text(3, "ptrace opid=1 ocomm=\"init\"")));
  }
}

} // namespace
} // namespace jails::denial
