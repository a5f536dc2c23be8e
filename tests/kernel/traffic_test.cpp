// What the sockets of a jail send and get is counted, packet by packet.
#include "member.h"
#include "sockets.h"
#include "world.h"

#include "secmodel/telemetry.h"

#include <algorithm>
#include <array>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

namespace jails::test {
namespace {

class TrafficTest : public World {
protected:
  static JailUsage usage(const std::string &jail) {
    const auto all = Telemetry::open(test_instance())->snapshot();
    const auto one = std::ranges::find(*all, jail, [](const JailUsage &u) { return u.jail.name; });
    return one == all->end() ? JailUsage{} : *one;
  }
};

constexpr uint64_t kUdp4Headers = 28, kUdp6Headers = 48;

// Sends `count` datagrams of `size` bytes to a socket of its own, and gets them all.
int datagrams(const Kind &kind, const std::string &address, int count, size_t size) {
  const int from = open_socket(kind);
  const int to = open_socket(kind);
  if (bind_to(to, kind, address, 0) != 0 || connect_to(from, kind, address, port_of(to)) != 0) return -1;
  const std::string payload(size, 'x');
  std::array<char, 2048> buffer{};
  for (int i = 0; i < count; i++)
    if (send(from, payload.data(), size, 0) != static_cast<ssize_t>(size) ||
        recv(to, buffer.data(), buffer.size(), 0) != static_cast<ssize_t>(size))
      return -1;
  return 0;
}

TEST_F(TrafficTest, DatagramsToTheByte) {
  for (const auto profile : {Profile::Low, Profile::High}) {
    const std::string jail = profile == Profile::Low ? "low" : "high";
    make_jail(jail, profile, "");
    EXPECT_EQ(usage(jail).out.packets, 0U);
    ASSERT_EQ(run_in(cgroup_of(jail), [] { return datagrams(udp4(), "127.0.0.1", 10, 100); }), 0) << jail;
    JailUsage now = usage(jail);
    EXPECT_EQ(now.out.packets, 10U) << jail;
    EXPECT_EQ(now.out.bytes, 10 * (100 + kUdp4Headers)) << jail;
    EXPECT_EQ(now.in.packets, 10U) << jail;
    EXPECT_EQ(now.in.bytes, now.out.bytes) << jail;
    ASSERT_EQ(run_in(cgroup_of(jail), [] { return datagrams(udp6(), "::1", 3, 1000); }), 0) << jail;
    EXPECT_EQ(usage(jail).out.bytes - now.out.bytes, 3 * (1000 + kUdp6Headers)) << jail;
    EXPECT_EQ(usage(jail).in.packets, 13U) << jail;
  }
}

TEST_F(TrafficTest, TheHostsIsNobodys) {
  make_jail("web", Profile::Low, "");
  ASSERT_EQ(run_in("", [] { return datagrams(udp4(), "127.0.0.1", 5, 100); }), 0);
  EXPECT_EQ(usage("web").in.packets + usage("web").out.packets, 0U);
}

TEST_F(TrafficTest, TcpOverLoopback) {
  constexpr size_t kBytes = 3'000'000;
  make_jail("server", Profile::Low, "");
  make_jail("client", Profile::Low, "");
  Member server(cgroup_of("server"), [](const auto &report) {
    const int fd = open_socket(tcp4());
    if (bind_to(fd, tcp4(), "127.0.0.1", 0) != 0 || listen(fd, 1) != 0) return report(-1);
    report(port_of(fd));
    const int connection = accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
    std::vector<char> buffer(65536);
    size_t got = 0;
    for (ssize_t n = 1; n > 0; got += static_cast<size_t>(n)) n = recv(connection, buffer.data(), buffer.size(), 0);
    report(static_cast<int>(got));
  });
  const int port = server.report();
  ASSERT_GT(port, 0);
  const int sent = run_in(cgroup_of("client"), [port] {
    const int fd = open_socket(tcp4());
    if (connect_to(fd, tcp4(), "127.0.0.1", static_cast<uint16_t>(port)) != 0) return -1;
    const std::vector<char> buffer(kBytes, 'x');
    size_t done = 0;
    while (done < kBytes) {
      const ssize_t n = send(fd, buffer.data() + done, kBytes - done, 0);
      if (n <= 0) return -1;
      done += static_cast<size_t>(n);
    }
    return 0;
  });
  ASSERT_EQ(sent, 0);
  ASSERT_EQ(server.report(), static_cast<int>(kBytes));
  const JailUsage client = usage("client");
  const JailUsage at_server = usage("server");
  EXPECT_GT(client.out.bytes, kBytes);
  EXPECT_LT(client.out.bytes, kBytes * 11 / 10);
  EXPECT_GT(client.out.packets, 3'000'000U / 65536);
  EXPECT_GT(at_server.in.bytes, kBytes);
  EXPECT_LT(at_server.in.bytes, kBytes * 11 / 10);
  EXPECT_GT(at_server.out.packets, 1U) << "acknowledgements";
  EXPECT_LT(at_server.out.bytes, kBytes / 10);
}

TEST_F(TrafficTest, WhatIsRefusedIsNotSent) {
  make_jail("web", Profile::Medium, "");
  const uint16_t port = free_port();
  Member host("", [port](const auto &report) {
    const int fd = open_socket(udp4());
    report(bind_to(fd, udp4(), "127.0.0.1", port));
    pause();
  });
  ASSERT_EQ(host.report(), 0);
  EXPECT_EQ(run_in(cgroup_of("web"), [port] { return try_send(udp4(), "127.0.0.1", port, Send::To); }), EPERM);
  EXPECT_EQ(usage("web").out.packets, 0U);
}

TEST_F(TrafficTest, CountsOutliveTheCgroup) {
  make_jail("web", Profile::Low, "");
  ASSERT_EQ(run_in(cgroup_of("web"), [] { return datagrams(udp4(), "127.0.0.1", 4, 10); }), 0);
  const Jid jid = usage("web").jail.jid;
  const uint64_t cgroup = usage("web").jail.cgroup_id;
  MUST(tables().bind_cgroup(jid, 0));
  EXPECT_EQ(usage("web").out.packets, 4U);
  MUST(tables().bind_cgroup(jid, cgroup));
  MUST(tables().count_restart(jid));
  MUST(tables().add_oom_kills(jid, 3));
  EXPECT_EQ(usage("web").jail.restarts, 1U);
  EXPECT_EQ(usage("web").jail.oom_kills, 3U);
  EXPECT_EQ(usage("web").jail.cgroup_id, cgroup);
}

} // namespace
} // namespace jails::test
