// Jails that are pinned to addresses of the host, and ports that they cannot take from those outside.
#include "member.h"
#include "sockets.h"
#include "world.h"

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jails::test {
namespace {

constexpr int kPatience = 700;

class Address : public World {
protected:
  // What f reports, or prints: the name that a socket has afterwards.
  std::string name_in(const std::string &jail, const std::function<std::string()> &f) {
    int pipe_ends[2];
    if (pipe(pipe_ends) != 0) return "";
    run_in(jail.empty() ? "" : cgroup_of(jail), [&] {
      const std::string text = f();
      return write(pipe_ends[1], text.data(), text.size()) < 0 ? errno : 0;
    });
    close(pipe_ends[1]);
    char text[256];
    const ssize_t got = read(pipe_ends[0], text, sizeof(text));
    close(pipe_ends[0]);
    return {text, static_cast<size_t>(got > 0 ? got : 0)};
  }
};

std::string error(int number) { return number == 0 ? "ok" : strerrorname_np(number); }

std::string bound_name(const Kind &kind, const std::string &address, uint16_t port) {
  const int fd = open_socket(kind);
  const int failed = bind_to(fd, kind, address, port);
  const std::string name = failed == 0 ? address_of(fd) : error(failed);
  close(fd);
  return name;
}

TEST_F(Address, BindTakesThePinnedOne) {
  const uint16_t port = free_port();
  const std::string p = std::to_string(port);
  make_jail("four", Profile::High, p, "", "127.0.1.5,127.0.1.6");
  for (const uint16_t want : {port, uint16_t{0}}) {
    const auto name = [&](const std::string &jail, const Kind &kind, const char *address) {
      return name_in(jail, [&] { return bound_name(kind, address, want); });
    };
    for (const Kind &kind : kinds()) {
      const bool v4 = kind.family == AF_INET;
      EXPECT_EQ(name("four", kind, ""), v4 ? "127.0.1.5" : "::ffff:127.0.1.5") << kind.name;
      EXPECT_EQ(name("four", kind, v4 ? "127.0.1.6" : "::ffff:127.0.1.6"), v4 ? "127.0.1.6" : "::ffff:127.0.1.6");
      EXPECT_EQ(name("four", kind, v4 ? "127.0.0.1" : "::1"), "EPERM") << kind.name;
      EXPECT_EQ(name("four", kind, v4 ? "0.0.0.1" : "::ffff:127.0.0.1"), "EPERM") << kind.name;
      // The host cannot bind the reserved one at all.
      EXPECT_EQ(name("", kind, ""), want != 0 ? "EPERM" : v4 ? "0.0.0.0" : "::") << "control: " << kind.name;
    }
  }
  drop_jail("four");
  make_jail("six", Profile::High, p, "", "::1");
  EXPECT_EQ(name_in("six", [&] { return bound_name(tcp6(), "", port); }), "::1");
  EXPECT_EQ(name_in("six", [&] { return bound_name(tcp4(), "", port); }), "EPERM") << "it has no IPv4 address";
  EXPECT_EQ(name_in("six", [&] { return bound_name(udp6(), "::ffff:0.0.0.0", port); }), "EPERM");
  EXPECT_EQ(denials("six").of(SJ_RULE_ADDRESS), 2U);
  drop_jail("six");
  make_jail("both", Profile::Low, "", "", "127.0.1.5,::1");
  EXPECT_EQ(name_in("both", [&] { return bound_name(tcp6(), "", port); }), "::1");
  EXPECT_EQ(name_in("both", [&] { return bound_name(tcp4(), "", port); }), "127.0.1.5");
  EXPECT_EQ(name_in("both", [&] { return bound_name(tcp4(), "127.0.0.1", port); }), "EPERM") << "in low too";
}

TEST_F(Address, OnlyV6SocketsDoNotBecomeIPv4) {
  const uint16_t port = free_port();
  make_jail("four", Profile::High, std::to_string(port), "", "127.0.1.5");
  const auto bind_only6 = [&] {
    const int fd = open_socket(tcp6()), on = 1;
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    const int failed = bind_to(fd, tcp6(), "", port);
    close(fd);
    return failed;
  };
  EXPECT_EQ(run_in(cgroup_of("four"), bind_only6), EINVAL);
}

// The peer's view: who called?
class Peer {
public:
  explicit Peer(const Kind &kind) : kind_(kind), fd_(open_socket(kind)) {
    if (bind_to(fd_, kind, "", 0) != 0) ADD_FAILURE() << errno;
    if (kind.type == SOCK_STREAM) listen(fd_, 16);
    const timeval patience{.tv_sec = 1, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  Peer(const Peer &) = delete;
  Peer &operator=(const Peer &) = delete;
  ~Peer() { close(fd_); }
  [[nodiscard]] uint16_t port() const { return port_of(fd_); }
  [[nodiscard]] std::string caller() const {
    sockaddr_storage from{};
    socklen_t size = sizeof(from);
    char byte;
    if (kind_.type == SOCK_STREAM) {
      const int fd = accept(fd_, reinterpret_cast<sockaddr *>(&from), &size);
      if (fd >= 0) close(fd);
    } else {
      (void)!recvfrom(fd_, &byte, 1, 0, reinterpret_cast<sockaddr *>(&from), &size);
    }
    return text_of(from);
  }

private:
  Kind kind_;
  int fd_;
};

TEST_F(Address, CallsComeFromThePinnedOne) {
  make_jail("pinned", Profile::Low, "", "", "127.0.1.5");
  for (const Kind &kind : kinds()) {
    if (kind.family == AF_INET6) continue;
    const Peer peer(kind);
    const auto call = [&](Send how) {
      return [&, how] {
        return kind.type == SOCK_STREAM ? try_connect(kind, "127.0.0.1", peer.port(), kPatience)
                                        : try_send(kind, "127.0.0.1", peer.port(), how);
      };
    };
    for (const Send how : {Send::To, Send::Connected}) {
      if (how == Send::Connected && kind.name == "udplite4") { // its connect(2) asks nobody
        EXPECT_EQ(run_in(cgroup_of("pinned"), call(how)), EPERM) << "as the datagram leaves";
        continue;
      }
      EXPECT_EQ(run_in("", call(how)), 0) << "control: " << kind.name;
      EXPECT_EQ(peer.caller(), "127.0.0.1") << "control: " << kind.name;
      EXPECT_EQ(run_in(cgroup_of("pinned"), call(how)), 0) << kind.name;
      EXPECT_EQ(peer.caller(), "127.0.1.5") << kind.name;
    }
  }
  // IPv6 sockets that call IPv4, and an address family that it has not.
  for (const Kind &kind : {tcp6(), udp6()}) {
    const Peer peer(kind);
    const auto call = [&](const char *to) {
      return [&, to] {
        return kind.type == SOCK_STREAM ? try_connect(kind, to, peer.port(), kPatience)
                                        : try_send(kind, to, peer.port(), Send::Connected);
      };
    };
    EXPECT_EQ(run_in(cgroup_of("pinned"), call("::ffff:127.0.0.1")), 0) << kind.name;
    EXPECT_EQ(peer.caller(), "::ffff:127.0.1.5") << kind.name;
    EXPECT_EQ(run_in("", call("::1")), 0) << "control: " << kind.name;
    EXPECT_EQ(peer.caller(), "::1") << "control: " << kind.name;
    EXPECT_EQ(run_in(cgroup_of("pinned"), call("::1")), EPERM) << kind.name;
  }
}

TEST_F(Address, UnconnectedIPv6Datagrams) {
  make_jail("pinned", Profile::Low, "", "", "::1");
  const Peer peer(udp6());
  const auto send = [&](const char *to) { return [&, to] { return try_send(udp6(), to, peer.port(), Send::To); }; };
  EXPECT_EQ(run_in(cgroup_of("pinned"), send("::1")), 0);
  EXPECT_EQ(peer.caller(), "::1");
  EXPECT_EQ(run_in(cgroup_of("pinned"), send("::ffff:127.0.0.1")), EPERM) << "it has no IPv4 address";
  EXPECT_EQ(run_in("", send("::ffff:127.0.0.1")), 0) << "control";
}

// The source that a control message asks for.
int send_with_source(uint16_t port, const char *source, bool connected = false) {
  const int fd = open_socket(udp4());
  if (connected && connect_to(fd, udp4(), "127.0.0.1", port) != 0) return errno;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  char byte = 'x';
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(in_pktinfo))] = {};
  iovec data{.iov_base = &byte, .iov_len = 1};
  msghdr message{};
  if (!connected) message.msg_name = &to, message.msg_namelen = sizeof(to);
  message.msg_iov = &data, message.msg_iovlen = 1;
  message.msg_control = control, message.msg_controllen = sizeof(control);
  cmsghdr *header = CMSG_FIRSTHDR(&message);
  *header = {.cmsg_len = CMSG_LEN(sizeof(in_pktinfo)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
  in_pktinfo info{};
  inet_pton(AF_INET, source, &info.ipi_spec_dst);
  memcpy(CMSG_DATA(header), &info, sizeof(info));
  const int failed = sendmsg(fd, &message, 0) == 1 ? 0 : errno;
  close(fd);
  return failed;
}

TEST_F(Address, NoOtherSourceByControlMessage) {
  make_jail("pinned", Profile::Low, "", "", "127.0.1.5");
  const Peer peer(udp4());
  EXPECT_EQ(run_in("", [&] { return send_with_source(peer.port(), "127.0.0.9"); }), 0) << "control";
  EXPECT_EQ(peer.caller(), "127.0.0.9") << "control";
  EXPECT_EQ(run_in(cgroup_of("pinned"), [&] { return send_with_source(peer.port(), "127.0.0.9"); }), EPERM);
  EXPECT_EQ(run_in(cgroup_of("pinned"), [&] { return send_with_source(peer.port(), "127.0.1.5"); }), 0);
  EXPECT_EQ(peer.caller(), "127.0.1.5");
  // Without a name, on a connected socket: the hook sees neither address nor port of the other end.
  EXPECT_EQ(run_in(cgroup_of("pinned"), [&] { return send_with_source(peer.port(), "127.0.0.9", true); }), EPERM);
  make_jail("may", Profile::High, "", "127.0.0.1:" + std::to_string(peer.port()), "127.0.1.5");
  EXPECT_EQ(run_in(cgroup_of("may"), [&] { return send_with_source(peer.port(), "127.0.1.5", true); }), 0);
  EXPECT_EQ(peer.caller(), "127.0.1.5");
}

// It has a port by then, so the kernel does not bind it any more.
TEST_F(Address, ConnectAfterAnUnboundSend) {
  make_jail("pinned", Profile::Low, "", "", "127.0.1.5");
  const Peer peer(udp4());
  const auto call = [&](bool bound) {
    return [&, bound] {
      const int fd = open_socket(udp4());
      if (bound && bind_to(fd, udp4(), "", 0) != 0) return -1;
      if (send_from(fd, udp4(), "127.0.0.1", peer.port()) != 0) return -1;
      return connect_to(fd, udp4(), "127.0.0.1", peer.port());
    };
  };
  EXPECT_EQ(run_in("", call(false)), 0) << "control";
  EXPECT_EQ(run_in(cgroup_of("pinned"), call(false)), EPERM);
  EXPECT_EQ(run_in(cgroup_of("pinned"), call(true)), 0);
}

// A socket that was never bound takes what comes for any address: not in a pinned jail.
TEST_F(Address, WhatComesForOtherAddressesIsDropped) {
  make_jail("pinned", Profile::Low, "", "", "127.0.1.5");
  make_jail("free", Profile::Low, "");
  const auto server = [](const Kind &kind) {
    return [kind](const std::function<void(int)> &report) {
      const int fd = open_socket(kind);
      if (kind.type == SOCK_STREAM && listen(fd, 16) != 0) return report(-1);
      if (kind.type == SOCK_DGRAM) (void)send_from(fd, kind, "127.0.0.1", 9); // gives it a port
      report(port_of(fd));
      char byte;
      while (true)
        if (kind.type == SOCK_STREAM)
          close(accept(fd, nullptr, nullptr));
        else
          report(recv(fd, &byte, 1, 0) == 1 ? byte : -1);
    };
  };
  for (const std::string jail : {"free", "pinned"}) {
    Member tcp(cgroup_of(jail), server(tcp4()));
    const auto tcp_port = static_cast<uint16_t>(tcp.report());
    EXPECT_EQ(try_connect(tcp4(), "127.0.1.5", tcp_port, kPatience), 0) << jail;
    EXPECT_EQ(try_connect(tcp4(), "127.0.0.1", tcp_port, kPatience), jail == "free" ? 0 : ETIMEDOUT) << jail;
    Member udp(cgroup_of(jail), server(udp4()));
    const auto udp_port = static_cast<uint16_t>(udp.report());
    const int fd = open_socket(udp4());
    EXPECT_EQ(send_from(fd, udp4(), "127.0.0.1", udp_port), 0);
    EXPECT_EQ(send_from(fd, udp4(), "127.0.1.5", udp_port), 0);
    EXPECT_EQ(udp.report(), 'x') << jail;
    if (jail == "free") {
      EXPECT_EQ(udp.report(), 'x') << "both";
    }
    close(fd);
  }
  EXPECT_GE(denials("pinned").of(SJ_RULE_ADDRESS), 2U);
}

// Binds with SO_REUSEPORT and SO_REUSEADDR.
int bind_shared(const Kind &kind, const std::string &address, uint16_t port, int *keep = nullptr) {
  const int fd = open_socket(kind), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  int failed = bind_to(fd, kind, address, port);
  if (failed == 0 && kind.type == SOCK_STREAM && listen(fd, 16) != 0) failed = errno;
  if (keep != nullptr)
    *keep = fd;
  else
    close(fd);
  return failed;
}

TEST_F(Address, LowSharesNoPortWithTheHost) {
  make_jail("low", Profile::Low, "");
  make_jail("other", Profile::Low, "");
  for (const Kind &server : {tcp4(), tcp6(), udp4(), udp6()}) {
    const uint16_t port = free_port();
    int fd = -1;
    ASSERT_EQ(bind_shared(server, "", port, &fd), 0);
    std::vector<std::pair<Kind, const char *>> joins = {
        {server.type == SOCK_STREAM ? tcp4() : udp4(), ""},
        {server.type == SOCK_STREAM ? tcp4() : udp4(), "127.0.0.1"},
        {server.type == SOCK_STREAM ? tcp6() : udp6(), ""},
        {server.type == SOCK_STREAM ? tcp6() : udp6(), "::ffff:127.0.0.1"}};
    for (const auto &[kind, address] : joins) {
      const auto join = [&] { return bind_shared(kind, address, port); };
      EXPECT_EQ(run_in("", join), 0) << "control: " << kind.name << " " << address << " beside " << server.name;
      EXPECT_EQ(run_in(cgroup_of("low"), join), EADDRINUSE) << kind.name << " " << address << " beside " << server.name;
    }
    close(fd);
    // Among themselves the sockets of one jail share, those of two do not.
    Member first(cgroup_of("low"), [&](const auto &report) {
      int kept;
      report(bind_shared(server, "", port, &kept));
      pause();
    });
    ASSERT_EQ(first.report(), 0) << server.name;
    EXPECT_EQ(run_in(cgroup_of("low"), [&] { return bind_shared(server, "", port); }), 0) << server.name;
    EXPECT_EQ(run_in(cgroup_of("other"), [&] { return bind_shared(server, "", port); }), EADDRINUSE) << server.name;
  }
  EXPECT_EQ(denials("low").of(SJ_RULE_BIND_SHARED), 16U);
}

} // namespace
} // namespace jails::test
