// listen() on a socket that was never bound runs no bind hook; what protects is that nobody can connect to it.
#include "member.h"
#include "sockets.h"
#include "world.h"

#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jails::test {
namespace {

constexpr int kPatience = 700; // ms until a connection counts as not answered

using Listen = World;

// Where the second line refuses listen(2), a process of the host listens on the jail's socket: it has its cgroup from where
// it was made.
bool listen_all_the_same(int fd) {
  if (listen(fd, 16) == 0) return true;
  const int procs = errno == EPERM ? open((cgroup_root() + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC) : -1;
  const bool left = procs >= 0 && write(procs, "0", 1) == 1;
  if (procs >= 0) close(procs);
  return left && listen(fd, 16) == 0;
}

// Listens without bind (port 0) or with, and reports the port it got; then accepts for ever.
void serve(const Kind &kind, uint16_t port, const std::function<void(int)> &report) {
  const int fd = open_socket(kind);
  if (port != 0 && bind_to(fd, kind, "", port) != 0) return report(-1);
  if (!listen_all_the_same(fd)) return report(-1);
  report(port_of(fd));
  while (true) close(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
}

struct Reach {
  int v4, v6;
};
Reach reach(const Kind &kind, uint16_t port) {
  const int v6 = kind.family == AF_INET6 ? try_connect(tcp6(), "::1", port, kPatience) : 0;
  return {.v4 = try_connect(tcp4(), "127.0.0.1", port, kPatience), .v6 = v6};
}

std::vector<Kind> stream_kinds() {
  std::vector<Kind> out;
  for (const Kind &kind : kinds())
    if (kind.type == SOCK_STREAM) out.push_back(kind);
  return out;
}

TEST_F(Listen, UnboundIsUnreachable) {
  make_jail("high", Profile::High, "");
  make_jail("medium", Profile::Medium, "");
  make_jail("low", Profile::Low, "");
  uint64_t before = 0;
  for (const Kind &kind : stream_kinds()) {
    for (const std::string jail : {"", "low", "medium", "high"}) {
      Member server(jail.empty() ? "" : cgroup_of(jail), [&](const auto &report) { serve(kind, 0, report); });
      const int port = server.report();
      ASSERT_GT(port, 0) << kind.name << " " << jail;
      const bool open = jail.empty() || jail == "low";
      const Reach got = reach(kind, static_cast<uint16_t>(port));
      EXPECT_EQ(got.v4, open ? 0 : ETIMEDOUT) << kind.name << " " << jail;
      EXPECT_EQ(got.v6, open || kind.family == AF_INET ? 0 : ETIMEDOUT) << kind.name << " " << jail;
    }
    EXPECT_GT(denials("high").of(SJ_RULE_LISTEN_UNBOUND), before) << kind.name;
    before = denials("high").of(SJ_RULE_LISTEN_UNBOUND);
  }
}

TEST_F(Listen, OwnedPortAnswers) {
  for (const Kind &kind : stream_kinds()) {
    const uint16_t port = free_port();
    make_jail("web", Profile::High, std::to_string(port));
    {
      Member server(cgroup_of("web"), [&](const auto &report) { serve(kind, port, report); });
      ASSERT_EQ(server.report(), port) << kind.name;
      const Reach got = reach(kind, port);
      EXPECT_EQ(got.v4, 0) << kind.name;
      EXPECT_EQ(got.v6, 0) << kind.name;
    }
    EXPECT_EQ(denials("web").of(SJ_RULE_LISTEN_UNBOUND), 0U) << kind.name;
    drop_jail("web");
  }
}

TEST_F(Listen, HeadersBeforeTcpHideNothing) {
  const uint16_t port = free_port();
  make_jail("web", Profile::High, std::to_string(port));
  Member owned(cgroup_of("web"), [&](const auto &report) { serve(tcp6(), port, report); });
  Member unbound(cgroup_of("web"), [&](const auto &report) { serve(tcp6(), 0, report); });
  Member hosts("", [&](const auto &report) { serve(tcp6(), 0, report); });
  ASSERT_EQ(owned.report(), port);
  const auto jails_other = static_cast<uint16_t>(unbound.report()), control = static_cast<uint16_t>(hosts.report());
  const auto padded = [](const Kind &kind, uint16_t to) {
    return try_connect(kind, kind.family == AF_INET ? "127.0.0.1" : "::1", to, kPatience, Headers::Padded);
  };
  for (const Kind &kind : {tcp4(), tcp6()}) {
    EXPECT_EQ(padded(kind, control), 0) << "control: " << kind.name;
    EXPECT_EQ(padded(kind, port), 0) << kind.name;
    EXPECT_EQ(padded(kind, jails_other), ETIMEDOUT) << kind.name;
  }
}

TEST_F(Listen, NarrowedToAnAddressAnswersThere) {
  const uint16_t port = free_port();
  make_jail("web", Profile::High, "tcp/" + std::to_string(port) + "@127.0.0.2");
  Member server(cgroup_of("web"), [&](const auto &report) {
    const int fd = open_socket(tcp4());
    const bool bound = bind_to(fd, tcp4(), "127.0.0.2", port) == 0 && listen(fd, 4) == 0;
    report(bound ? 0 : 1);
    pause();
  });
  ASSERT_EQ(server.report(), 0);
  EXPECT_EQ(try_connect(tcp4(), "127.0.0.2", port, kPatience), 0);
}

TEST_F(Listen, OwnConnectionsWork) {
  for (const Kind &kind : stream_kinds()) {
    Member server("", [&](const auto &report) { serve(kind, 0, report); });
    const auto port = static_cast<uint16_t>(server.report());
    const std::string to = std::to_string(port);
    make_jail("high", Profile::High, "", "127.0.0.1:" + to + ",[::1]:" + to);
    const int result = run_in(cgroup_of("high"), [&] {
      const Reach got = reach(kind, port);
      return got.v4 != 0 ? got.v4 : got.v6;
    });
    EXPECT_EQ(result, 0) << kind.name;
    EXPECT_EQ(denials("high").of(SJ_RULE_LISTEN_UNBOUND), 0U);
    drop_jail("high");
  }
}

TEST_F(Listen, LostCgroupIsUnreachable) {
  ASSERT_EQ(mkdir(cgroup_of("lost").c_str(), 0755), 0);
  Member server(cgroup_of("lost"), [&](const auto &report) { serve(tcp4(), 0, report); });
  const int port = server.report();
  ASSERT_GT(port, 0);
  EXPECT_EQ(try_connect(tcp4(), "127.0.0.1", static_cast<uint16_t>(port), kPatience), ETIMEDOUT);
}

} // namespace
} // namespace jails::test
