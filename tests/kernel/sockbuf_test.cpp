// No socket of a jail with a ceiling has a larger buffer, by whatever way it could come to one; the same act in a jail
// without has.
#include "member.h"
#include "sockets.h"
#include "world.h"

#include "secmodel/sockbuf.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

namespace jails::test {
namespace {

constexpr int kCeiling = 256 * 1024, kMuch = 1 << 20;
constexpr int kMptcp = 262, kUdpLite = 136, kBufLock = 72; // SO_BUF_LOCK

int buffer(int fd, int option) {
  int size = -1;
  socklen_t length = sizeof size;
  return getsockopt(fd, SOL_SOCKET, option, &size, &length) == 0 ? size : -1;
}
int larger(int fd) { return std::max(buffer(fd, SO_RCVBUF), buffer(fd, SO_SNDBUF)); }

int ask(int fd, int option, int size) { return setsockopt(fd, SOL_SOCKET, option, &size, sizeof size); }

const char *loopback(const Kind &kind) { return kind.family == AF_INET ? "127.0.0.1" : "::1"; }

// Two jails of profile low, which may call each other; "held" has a ceiling once hold() was called.
class SockbufTest : public World {
protected:
  void SetUp() override {
    World::SetUp();
    make_jail("held", Profile::Low, "");
    make_jail("free", Profile::Low, "");
  }
  void TearDown() override {
    held_.reset();
    World::TearDown();
  }
  void hold(uint64_t ceiling = kCeiling) {
    const std::string path = cgroup_of("held");
    const Fd dir(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat st{};
    ASSERT_EQ(fstat(dir.get(), &st), 0);
    held_ = MUST(Sockbuf::attach(test_instance(), dir.get(), st.st_ino, ceiling));
    id_ = st.st_ino;
  }
  int in_held(const std::function<int()> &f) { return run_in(cgroup_of("held"), f); }
  int in_free(const std::function<int()> &f) { return run_in(cgroup_of("free"), f); }

  std::optional<Sockbuf> held_;
  uint64_t id_ = 0;
};

TEST_F(SockbufTest, WhatIsAskedFor) {
  hold();
  std::vector<Kind> all = kinds();
  std::erase_if(all, [](const Kind &kind) { return kind.protocol == kMptcp || kind.protocol == kUdpLite; });
  all.push_back({"unix", AF_UNIX, SOCK_STREAM, 0});
  uint64_t asked = 0;
  for (const Kind &kind : all)
    for (const int option : {SO_RCVBUF, SO_SNDBUF, SO_RCVBUFFORCE, SO_SNDBUFFORCE}) {
      const auto try_it = [&] {
        const int fd = open_socket(kind);
        if (ask(fd, option, kMuch) != 0) return -1;
        return buffer(fd, option == SO_RCVBUF || option == SO_RCVBUFFORCE ? SO_RCVBUF : SO_SNDBUF);
      };
      EXPECT_EQ(in_held(try_it), kCeiling) << kind.name << " " << option;
      EXPECT_GT(in_free(try_it), kCeiling) << kind.name << " " << option;
      asked++;
    }
  EXPECT_EQ(MUST(Sockbuf::read(test_instance(), id_)).lowered, asked);
}

TEST_F(SockbufTest, LessIsWhatWasAskedFor) {
  hold();
  EXPECT_EQ(in_held([] {
              const int fd = open_socket(tcp4());
              return ask(fd, SO_RCVBUF, 10000) == 0 ? buffer(fd, SO_RCVBUF) : -1;
            }),
            20000);
  // And is not made more by a call that holds the ceiling.
  EXPECT_EQ(in_held([] {
              const int fd = open_socket(tcp4());
              if (ask(fd, SO_RCVBUF, 10000) != 0 || bind_to(fd, tcp4(), "127.0.0.1", 0) != 0 || listen(fd, 1) != 0)
                return -1;
              return buffer(fd, SO_RCVBUF);
            }),
            20000);
  EXPECT_EQ(MUST(Sockbuf::read(test_instance(), id_)).lowered, 0U);
}

// Options that are no integers, and one of more than a page, reach the kernel as they are.
TEST_F(SockbufTest, OtherOptionsAreLeftAlone) {
  hold();
  EXPECT_EQ(in_held([] {
              const int fd = open_socket(tcp4());
              const timeval time{.tv_sec = 7, .tv_usec = 0};
              timeval got{};
              socklen_t size = sizeof got;
              if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) != 0 ||
                  getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &got, &size) != 0)
                return -1;
              const std::vector<char> page(8192);
              errno = 0;
              if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, page.data(), 2) == 0 || errno != EINVAL) return -2;
              if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, page.data(), static_cast<socklen_t>(page.size())) != 0)
                return -3;
              return static_cast<int>(got.tv_sec);
            }),
            7);
}

TEST_F(SockbufTest, DefaultsOfDatagrams) {
  constexpr uint64_t kSmall = 64 * 1024; // below net.core.rmem_default
  hold(kSmall);
  for (const Kind &kind : {udp4(), udp6()})
    for (const std::string how : {"bind", "connect", "send"}) {
      const auto try_it = [&] {
        const int fd = open_socket(kind);
        const int error = how == "bind"      ? bind_to(fd, kind, loopback(kind), 0)
                          : how == "connect" ? connect_to(fd, kind, loopback(kind), 9)
                                             : send_from(fd, kind, loopback(kind), 9);
        return error == 0 ? larger(fd) : -1;
      };
      EXPECT_EQ(in_held(try_it), static_cast<int>(kSmall)) << kind.name << " " << how;
      EXPECT_GT(in_free(try_it), static_cast<int>(kSmall)) << kind.name << " " << how;
    }
}

// What the buffers of a connection grew to while a stream went through it; of the one that sends, or of the other.
struct Grown {
  int sent = -1, received = -1;
};
constexpr size_t kStream = 200'000'000;

void receive(const Kind &kind, const std::function<void(int)> &report) {
  const int fd = open_socket(kind);
  if (bind_to(fd, kind, loopback(kind), 0) != 0 || listen(fd, 1) != 0) return report(-1);
  report(port_of(fd));
  const int connection = accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
  std::vector<char> text(1 << 20);
  int most = larger(connection);
  while (recv(connection, text.data(), text.size(), 0) > 0) most = std::max(most, larger(connection));
  report(most);
}

int send_stream(const Kind &kind, uint16_t port) {
  const int fd = open_socket(kind);
  if (connect_to(fd, kind, loopback(kind), port) != 0) return -1;
  const std::vector<char> text(1 << 20, 'x');
  int most = larger(fd);
  for (size_t done = 0; done < kStream;) {
    const ssize_t n = send(fd, text.data(), text.size(), 0);
    if (n <= 0) return -1;
    done += static_cast<size_t>(n);
    most = std::max(most, larger(fd));
  }
  return most;
}

Grown stream(const std::string &cgroup, const Kind &kind) {
  Member server(cgroup, [&](const auto &report) { receive(kind, report); });
  const int port = server.report();
  if (port <= 0) return {};
  const int sent = run_in(cgroup, [&] { return send_stream(kind, static_cast<uint16_t>(port)); });
  return {sent, server.report()};
}

TEST_F(SockbufTest, AStreamGrowsToTheCeiling) {
  hold();
  for (const Kind &kind : {tcp4(), tcp6()}) {
    const Grown held = stream(cgroup_of("held"), kind);
    EXPECT_GT(held.sent, 0) << kind.name;
    EXPECT_LE(held.sent, kCeiling) << kind.name;
    EXPECT_GT(held.received, 0) << kind.name;
    EXPECT_LE(held.received, kCeiling) << kind.name;
    const Grown loose = stream(cgroup_of("free"), kind);
    EXPECT_GT(loose.sent, kCeiling) << kind.name;
    EXPECT_GT(loose.received, kCeiling) << kind.name;
  }
}

// SO_BUF_LOCK 0 lets the kernel go on with growing.
TEST_F(SockbufTest, TheLockStays) {
  hold();
  const auto try_it = [] {
    const int fd = open_socket(tcp4());
    return bind_to(fd, tcp4(), "127.0.0.1", 0) == 0 && listen(fd, 1) == 0 && ask(fd, kBufLock, 0) == 0
               ? buffer(fd, kBufLock)
               : -1;
  };
  EXPECT_EQ(in_held(try_it), 3);
  EXPECT_EQ(in_free(try_it), 0);
}

// Beyond what the kernel would let it grow to, nothing is set, and so nothing is lost.
TEST_F(SockbufTest, ACeilingAboveAllChangesNothing) {
  const auto lock = [] {
    const int fd = open_socket(tcp4());
    return bind_to(fd, tcp4(), "127.0.0.1", 0) == 0 && listen(fd, 1) == 0 ? buffer(fd, kBufLock) : -1;
  };
  hold(1ULL << 40U);
  EXPECT_EQ(MUST(Sockbuf::read(test_instance(), id_)).ceiling, static_cast<uint64_t>(INT32_MAX));
  EXPECT_EQ(in_held(lock), 0);
  MUST(held_->set(kCeiling));
  EXPECT_EQ(in_held(lock), 3);
}

// A listener of before the ceiling: its next connections have it.
TEST_F(SockbufTest, ConnectionsOfAnOlderListener) {
  constexpr uint64_t kSmall = 32 * 1024; // below the default of tcp_rmem
  Member server(cgroup_of("held"), [](const auto &report) {
    const int fd = open_socket(tcp4());
    if (bind_to(fd, tcp4(), "127.0.0.1", 0) != 0 || listen(fd, 4) != 0) return report(-1);
    report(port_of(fd));
    for (int i = 0; i < 2; i++) report(larger(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC)));
    pause();
  });
  const auto port = static_cast<uint16_t>(server.report());
  const auto call = [port] { return try_connect(tcp4(), "127.0.0.1", port, 2000); };
  ASSERT_EQ(run_in("", call), 0);
  EXPECT_GT(server.report(), static_cast<int>(kSmall));
  hold(kSmall);
  ASSERT_EQ(run_in("", call), 0);
  EXPECT_EQ(server.report(), static_cast<int>(kSmall));
}

TEST_F(SockbufTest, NoProtocolThatItCannotHold) {
  hold();
  for (const Kind &kind : kinds()) {
    const auto try_it = [&] { return open_socket(kind) >= 0 ? 0 : errno; };
    const bool refused = kind.protocol == kMptcp || kind.protocol == kUdpLite;
    EXPECT_EQ(in_held(try_it), refused ? EPROTONOSUPPORT : 0) << kind.name;
    EXPECT_EQ(in_free(try_it), 0) << kind.name;
  }
}

TEST_F(SockbufTest, GoesWithItsLinks) {
  hold();
  const auto try_it = [] {
    const int fd = open_socket(udp4());
    return ask(fd, SO_RCVBUF, kMuch) == 0 ? buffer(fd, SO_RCVBUF) : -1;
  };
  EXPECT_EQ(in_held(try_it), kCeiling);
  held_.reset();
  EXPECT_GT(in_held(try_it), kCeiling);
}

} // namespace
} // namespace jails::test
