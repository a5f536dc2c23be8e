// What is refused once is one row of the ledger: right object, right program; the shares, the counters, the end.
#include "member.h"
#include "sockets.h"
#include "world.h"

#include "secmodel/ledger.h"

#include <arpa/inet.h>
#include <cerrno>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <thread>
#include <unistd.h>

namespace jails::test {
namespace {

class LedgerTest : public World {
protected:
  std::vector<Denial> rows(const std::string &jail) {
    auto rows = Ledger(test_instance()).rows(jail.empty() ? SJ_HOST : tables().find(jail)->jid);
    EXPECT_TRUE(rows) << rows.error().text();
    return std::move(*rows);
  }
  // In the jail, as a program called `refused`.
  int as_program(const std::string &jail, const std::function<int()> &act) {
    return run_in(cgroup_of(jail), [&] {
      prctl(PR_SET_NAME, "refused", 0, 0, 0);
      return act();
    });
  }
};

void expect_one(const std::vector<Denial> &rows, sj_rule rule) {
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].rule, rule);
  EXPECT_FALSE(rows[0].rest);
  EXPECT_EQ(rows[0].count, 1U);
  EXPECT_NE(rows[0].first_ns, 0U);
  EXPECT_EQ(rows[0].first_ns, rows[0].last_ns);
}

void expect_program(const Denial &row) {
  EXPECT_EQ(row.program, "refused");
  EXPECT_EQ(row.uid, 0U);
  EXPECT_NE(row.pid, 0U);
}

TEST_F(LedgerTest, WhatIsAllowedIsNotInIt) {
  const uint16_t port = free_port();
  make_jail("web", Profile::High, std::to_string(port));
  EXPECT_EQ(as_program("web", [&] { return try_bind(tcp4(), "", port); }), 0);
  EXPECT_TRUE(rows("web").empty());
}

TEST_F(LedgerTest, BindOfAPortOfAnotherJail) {
  const uint16_t port = free_port();
  make_jail("owner", Profile::Low, std::to_string(port));
  make_jail("other", Profile::Low, "");
  EXPECT_EQ(as_program("other", [&] { return try_bind(tcp4(), "127.0.0.1", port); }), EPERM);
  const auto found = rows("other");
  ASSERT_NO_FATAL_FAILURE(expect_one(found, SJ_RULE_BIND_OWNED));
  expect_program(found[0]);
  EXPECT_EQ(found[0].object.port.port, port);
  EXPECT_EQ(found[0].object.port.protos, static_cast<uint32_t>(SJ_TCP));
  EXPECT_EQ(found[0].object.port.at.family, 4U);
  EXPECT_EQ(found[0].object.port.at.addr_be[0], htonl(INADDR_LOOPBACK));
  EXPECT_TRUE(rows("owner").empty());
}

TEST_F(LedgerTest, BindByTheHost) {
  const uint16_t port = free_port();
  make_jail("owner", Profile::Low, std::to_string(port));
  const Ledger ledger(test_instance());
  MUST(ledger.reset(SJ_HOST));
  EXPECT_EQ(try_bind(udp4(), "", port), EPERM);
  const auto found = rows("");
  ASSERT_NO_FATAL_FAILURE(expect_one(found, SJ_RULE_BIND_OWNED));
  EXPECT_EQ(found[0].object.port.protos, static_cast<uint32_t>(SJ_UDP));
  EXPECT_EQ(found[0].pid, static_cast<uint32_t>(getpid()));
}

TEST_F(LedgerTest, BindOfAPortThatIsNotReserved) {
  const uint16_t port = free_port();
  make_jail("web", Profile::High, "");
  EXPECT_EQ(as_program("web", [&] { return try_bind(tcp6(), "::1", port); }), EPERM);
  const auto found = rows("web");
  ASSERT_NO_FATAL_FAILURE(expect_one(found, SJ_RULE_BIND_UNRESERVED));
  expect_program(found[0]);
  EXPECT_EQ(found[0].object.port.port, port);
  EXPECT_EQ(found[0].object.port.at.family, 6U);
}

TEST_F(LedgerTest, TheUser) {
  make_jail("web", Profile::High, "");
  const uint16_t port = free_port();
  EXPECT_EQ(as_program("web",
                       [&] {
                         if (setresuid(1000, 1000, 1000) != 0) return errno;
                         return try_bind(tcp4(), "", port);
                       }),
            EPERM);
  const auto found = rows("web");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].uid, 1000U);
}

TEST_F(LedgerTest, ConnectionToAPortThatIsNotOwned) {
  make_jail("web", Profile::High, "");
  Member server(cgroup_of("web"), [&](const auto &report) {
    const int fd = open_socket(tcp4());
    report(fd >= 0 && listen(fd, 4) == 0 ? port_of(fd) : 0); // never bound: the kernel picks
    pause();
  });
  const int port = server.report();
  ASSERT_GT(port, 0);
  EXPECT_NE(try_connect(tcp4(), "127.0.0.1", static_cast<uint16_t>(port), 100), 0);
  const auto found = rows("web");
  ASSERT_EQ(found.size(), 1U); // the SYN may have come twice
  EXPECT_EQ(found[0].rule, SJ_RULE_LISTEN_UNBOUND);
  EXPECT_EQ(found[0].object.port.port, static_cast<uint32_t>(port));
  EXPECT_EQ(found[0].object.port.at.addr_be[0], htonl(INADDR_LOOPBACK));
  EXPECT_EQ(found[0].program, "") << "who sent a packet is not known";
  EXPECT_EQ(found[0].pid, 0U);
}

TEST_F(LedgerTest, Device) {
  make_jail("web", Profile::Low, "");
  const char node[] = "/tmp/jails-ledger-test";
  unlink(node);
  ASSERT_EQ(mknod(node, S_IFCHR | 0600, makedev(1, 11)), 0);
  const auto act = [&] {
    const int fd = open(node, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const int error = fd < 0 ? errno : 0;
    close(fd);
    return error;
  };
  EXPECT_EQ(run_in("", act), 0) << "control";
  EXPECT_EQ(as_program("web", act), EPERM);
  unlink(node);
  const auto found = rows("web");
  ASSERT_NO_FATAL_FAILURE(expect_one(found, SJ_RULE_DEVICE));
  expect_program(found[0]);
  EXPECT_EQ(found[0].object.device.type, 2U);
  EXPECT_EQ(found[0].object.device.access, 2U);
  EXPECT_EQ(found[0].object.device.major, 1U);
  EXPECT_EQ(found[0].object.device.minor, 11U);
}

TEST_F(LedgerTest, Sysctl) {
  make_jail("web", Profile::Low, "");
  EXPECT_EQ(as_program("web",
                       [] {
                         const int fd = open("/proc/sys/net/ipv4/ip_default_ttl", O_WRONLY | O_CLOEXEC);
                         const int error = write(fd, "64", 2) < 0 ? errno : 0;
                         close(fd);
                         return error;
                       }),
            EPERM);
  const auto found = rows("web");
  ASSERT_NO_FATAL_FAILURE(expect_one(found, SJ_RULE_SYSCTL));
  expect_program(found[0]);
  EXPECT_STREQ(found[0].object.sysctl, "net/ipv4/ip_default_ttl");
}

TEST_F(LedgerTest, TheSameAgainIsOneRow) {
  make_jail("web", Profile::High, "");
  const uint16_t port = free_port();
  const auto five = [&] {
    int last = 0;
    for (int i = 0; i < 5; i++) last = try_bind(tcp4(), "", port);
    return last;
  };
  EXPECT_EQ(as_program("web", five), EPERM);
  const auto found = rows("web");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].count, 5U);
  EXPECT_LT(found[0].first_ns, found[0].last_ns);
}

TEST_F(LedgerTest, AFloodLosesNoCountAndHidesNoOtherRule) {
  make_jail("noisy", Profile::High, "");
  make_jail("quiet", Profile::High, "");
  constexpr int kThreads = 2, kEach = 10000, kPorts = 200;
  const auto flood = [&] {
    const auto bind_many = [] {
      const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      for (int i = 0; i < kEach; i++) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(static_cast<uint16_t>(2000 + i % kPorts));
        if (bind(fd, reinterpret_cast<const sockaddr *>(&at), sizeof at) == 0) _exit(1);
      }
      close(fd);
    };
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; i++) threads.emplace_back(bind_many);
    return 0;
  };
  EXPECT_EQ(as_program("noisy", flood), 0);
  EXPECT_EQ(as_program("quiet", [] { return try_bind(udp4(), "", 2000); }), EPERM);
  EXPECT_EQ(as_program("noisy",
                       [] {
                         const int fd = open("/proc/sys/net/ipv4/ip_default_ttl", O_WRONLY | O_CLOEXEC);
                         return write(fd, "64", 2) < 0 ? errno : 0;
                       }),
            EPERM);
  constexpr uint64_t kAll = uint64_t{kThreads} * kEach;
  EXPECT_EQ(denials("noisy").of(SJ_RULE_BIND_UNRESERVED), kAll);
  const auto found = rows("noisy");
  uint64_t binds = 0, listed = 0, rest = 0, sysctls = 0;
  for (const auto &row : found) {
    sysctls += row.rule == SJ_RULE_SYSCTL;
    if (row.rule != SJ_RULE_BIND_UNRESERVED) continue;
    binds += row.count;
    (row.rest ? rest : listed)++;
  }
  EXPECT_EQ(binds, kAll) << "the rows of a rule add up";
  EXPECT_GE(listed, uint64_t{SJ_LEDGER_SHARE});
  EXPECT_LE(listed, uint64_t{SJ_LEDGER_SHARE} + kThreads);
  EXPECT_EQ(rest, 1U);
  EXPECT_EQ(sysctls, 1U);
  EXPECT_EQ(rows("quiet").size(), 1U);
}

TEST_F(LedgerTest, ACall) {
  const Jid jid = make_jail("web", Profile::High, "");
  const Ledger ledger(test_instance());
  sj_object call{};
  call.call.nr = 165;
  MUST(ledger.add_call(jid, {.object = call, .program = "a-name-that-is-longer", .uid = 7, .pid = 8}));
  MUST(ledger.add_call(jid, {.object = call, .program = "a-name-that-is-longer", .uid = 7, .pid = 8}));
  const auto found = rows("web");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].count, 2U);
  EXPECT_EQ(found[0].program, "a-name-that-is-");
  for (uint32_t i = 0; i < 2 * SJ_LEDGER_SHARE; i++) {
    call.call.nr = i;
    MUST(ledger.add_call(jid, {.object = call, .program = "x", .uid = 0, .pid = 1}));
  }
  EXPECT_EQ(rows("web").size(), size_t{SJ_LEDGER_SHARE} + 1);
  EXPECT_EQ(denials("web").of(SJ_RULE_SYSCALL), 2U + 2 * SJ_LEDGER_SHARE);
}

TEST_F(LedgerTest, ActsThatLandlockRefused) {
  const Jid jid = make_jail("web", Profile::High, "");
  const Ledger ledger(test_instance());
  EXPECT_EQ(MUST(tables().landlock_denials(jid)).count[SJ_LANDLOCK_SIGNAL], 0U);
  sj_object object{};
  object.process = {.jid = SJ_OUTSIDE, .what = 15, .name = "sleep"};
  MUST(ledger.add_landlock(jid, SJ_RULE_SIGNAL, {.object = object, .program = "kill", .uid = 0, .pid = 8}));
  MUST(ledger.add_landlock(jid, SJ_RULE_SIGNAL, {.object = object, .program = "kill", .uid = 0, .pid = 9}));
  MUST(ledger.add_landlock(jid, SJ_RULE_TRACE, {.object = object, .program = "gdb", .uid = 0, .pid = 9}));
  MUST(ledger.add_gaps(jid, 3, 2));
  const auto found = rows("web");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].rule, SJ_RULE_SIGNAL);
  EXPECT_EQ(found[0].count, 2U);
  EXPECT_EQ(found[0].pid, 9U);
  EXPECT_EQ(found[1].rule, SJ_RULE_TRACE);
  EXPECT_EQ(denials("web").of(SJ_RULE_SIGNAL), 2U);
  EXPECT_EQ(denials("web").of(SJ_RULE_TRACE), 1U);
  EXPECT_EQ(denials("web").of(SJ_RULE_CALL_ABSTRACT), 0U);
  const auto counts = MUST(tables().landlock_denials(jid));
  EXPECT_EQ(counts.unread, 3U);
  EXPECT_EQ(counts.unclear, 2U);
  drop_jail("web");
  EXPECT_TRUE(MUST(ledger.rows(jid)).empty());
  EXPECT_EQ(MUST(tables().landlock_denials(jid)).unread, 0U);
}

TEST_F(LedgerTest, ResetForgetsRowsAndMakesRoom) {
  const Jid jid = make_jail("web", Profile::High, "");
  const uint16_t port = free_port();
  const auto act = [&] { return try_bind(tcp4(), "", port); };
  EXPECT_EQ(as_program("web", act), EPERM);
  const Ledger ledger(test_instance());
  MUST(ledger.reset(jid));
  EXPECT_TRUE(rows("web").empty());
  EXPECT_EQ(denials("web").of(SJ_RULE_BIND_UNRESERVED), 1U) << "the counter stays";
  EXPECT_EQ(as_program("web", act), EPERM);
  EXPECT_EQ(rows("web").size(), 1U);
}

TEST_F(LedgerTest, QuietWhileTheGuardsAreTried) {
  const Jid jid = make_jail("web", Profile::High, "");
  const uint16_t port = free_port();
  const auto act = [&] { return try_bind(tcp4(), "", port); };
  MUST(tables().set_quiet(jid, true));
  EXPECT_EQ(as_program("web", act), EPERM) << "refused all the same";
  EXPECT_TRUE(rows("web").empty());
  EXPECT_EQ(denials("web").of(SJ_RULE_BIND_UNRESERVED), 0U);
  MUST(tables().set_quiet(jid, false));
  EXPECT_EQ(as_program("web", act), EPERM);
  EXPECT_EQ(rows("web").size(), 1U) << "control";
}

TEST_F(LedgerTest, GoesWithTheJail) {
  const Jid jid = make_jail("web", Profile::High, "");
  EXPECT_EQ(as_program("web", [] { return try_bind(tcp4(), "", 2000); }), EPERM);
  drop_jail("web");
  const Ledger ledger(test_instance());
  EXPECT_TRUE(MUST(ledger.rows(jid)).empty());
  // Rows of a jail that is gone (its destroyer was killed in between) go with the next repair.
  sj_object call{};
  call.call.nr = 165;
  MUST(ledger.add_call(77, {.object = call, .program = "sh", .uid = 0, .pid = 1}));
  EXPECT_EQ(MUST(tables().repair()).size(), 2U);
  EXPECT_TRUE(MUST(ledger.rows(77)).empty());
}

} // namespace
} // namespace jails::test
