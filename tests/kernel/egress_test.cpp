// What a jail may call on its host: every refusal has the same call by the host as its control, and a server that
// counts.
#include "member.h"
#include "sockets.h"
#include "world.h"

#include <arpa/inet.h>
#include <cerrno>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jails::test {
namespace {

constexpr int kPatience = 700; // ms until a connection counts as not answered

// A server of the test's own process, by both families: what reached it is counted when asked.
class Server {
public:
  explicit Server(const Kind &kind, uint16_t port = 0, const std::string &address = "") : kind_(kind) {
    fd_ = open_socket(kind);
    const int on = 1;
    setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind_to(fd_, kind, address, port) != 0 || (kind.type == SOCK_STREAM && listen(fd_, 64) != 0))
      ADD_FAILURE() << kind.name << " " << port << ": " << errno;
  }
  Server(const Server &) = delete;
  Server &operator=(const Server &) = delete;
  ~Server() { close(fd_); }

  [[nodiscard]] uint16_t port() const { return port_of(fd_); }
  [[nodiscard]] int fd() const { return fd_; }
  int count() {
    int n = 0;
    pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
    while (poll(&ready, 1, 30) == 1) {
      char byte;
      if (kind_.type == SOCK_STREAM)
        close(accept(fd_, nullptr, nullptr));
      else if (recv(fd_, &byte, 1, MSG_DONTWAIT) < 0)
        break;
      n++;
    }
    return n;
  }

private:
  Kind kind_;
  int fd_;
};

Kind of(const char *name) {
  for (const Kind &kind : kinds())
    if (kind.name == name) return kind;
  return {};
}

// TCP Fast Open: sendto(2) that connects.
int try_fast_open(const std::string &address, uint16_t port) {
  const int fd = open_socket(tcp4());
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &to.sin_addr);
  const ssize_t sent = sendto(fd, "x", 1, MSG_FASTOPEN, reinterpret_cast<sockaddr *>(&to), sizeof(to));
  const int error = sent == 1 ? 0 : errno;
  close(fd);
  return error;
}

struct Way {
  std::string name;
  bool stream;
  std::function<int(uint16_t port)> act;
};

// Every way to say "this host".
std::vector<Way> ways() {
  std::vector<Way> all;
  for (const Kind &kind : kinds()) {
    if (kind.name.starts_with("udplite")) continue; // a server of its own
    std::vector<std::string> to = {"127.0.0.1", "127.99.1.2", ""};
    if (kind.family == AF_INET6) to = {"::1", "", "::ffff:127.0.0.1", "::ffff:0.0.0.0"};
    for (const auto &address : to) {
      const std::string name = kind.name + " " + address;
      if (kind.type == SOCK_STREAM) {
        all.push_back({name, true, [=](uint16_t port) { return try_connect(kind, address, port, kPatience); }});
        continue;
      }
      all.push_back({name + " sendto", false, [=](uint16_t port) { return try_send(kind, address, port, Send::To); }});
      all.push_back(
          {name + " send", false, [=](uint16_t port) { return try_send(kind, address, port, Send::Connected); }});
    }
  }
  all.push_back({"fast open", true, [](uint16_t port) { return try_fast_open("127.0.0.1", port); }});
  return all;
}

class Egress : public World {
protected:
  int in(const std::string &jail, const std::function<int()> &f) {
    return run_in(jail.empty() ? "" : cgroup_of(jail), f);
  }
};

TEST_F(Egress, ServicesOfTheHost) {
  make_jail("low", Profile::Low, "");
  make_jail("medium", Profile::Medium, "");
  make_jail("high", Profile::High, "");
  Server tcp(tcp6()), udp(udp6());
  for (const Way &way : ways()) {
    Server &server = way.stream ? tcp : udp;
    const uint16_t port = server.port();
    for (const std::string jail : {"", "low", "medium", "high"}) {
      const bool open = jail.empty() || jail == "low";
      EXPECT_EQ(in(jail, [&] { return way.act(port); }), open ? 0 : EPERM) << way.name << " from " << jail;
      EXPECT_EQ(server.count(), open ? 1 : 0) << way.name << " from " << jail;
    }
  }
  EXPECT_GE(denials("high").of(SJ_RULE_CALL_HOST), ways().size());
  EXPECT_EQ(denials("low").of(SJ_RULE_CALL_HOST), 0U);
}

TEST_F(Egress, UdpLite) {
  const Kind lite = of("udplite4");
  if (lite.name.empty()) GTEST_SKIP() << "this kernel has no UDP-Lite";
  make_jail("high", Profile::High, "");
  Server server(lite);
  for (const Send how : {Send::To, Send::Connected}) {
    EXPECT_EQ(in("", [&] { return try_send(lite, "127.0.0.1", server.port(), how); }), 0) << "control";
    EXPECT_EQ(server.count(), 1);
    EXPECT_EQ(in("high", [&] { return try_send(lite, "127.0.0.1", server.port(), how); }), EPERM);
    EXPECT_EQ(server.count(), 0);
  }
}

// An address of this host that is neither loopback nor link-local.
std::optional<std::string> own_address() {
  ifaddrs *all = nullptr;
  std::optional<std::string> found;
  if (getifaddrs(&all) != 0) return found;
  for (const ifaddrs *one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in *>(one->ifa_addr)->sin_addr, text, sizeof(text));
    const std::string_view address = text;
    if (!address.starts_with("127.") && !address.starts_with("169.254.")) found = address;
  }
  freeifaddrs(all);
  return found;
}

TEST_F(Egress, OtherAddressesOfTheHost) {
  const auto own = own_address();
  if (!own) GTEST_SKIP() << "this host has no address but loopback";
  Server tcp(tcp6()), udp(udp6());
  make_jail("high", Profile::High, "");
  make_jail("may", Profile::High, "",
            *own + ":" + std::to_string(tcp.port()) + "," + *own + ":" + std::to_string(udp.port()));
  const auto call_tcp = [&] { return try_connect(tcp4(), *own, tcp.port(), kPatience); };
  const auto call_mapped = [&] { return try_connect(tcp6(), "::ffff:" + *own, tcp.port(), kPatience); };
  for (const auto &call : {std::function<int()>(call_tcp), std::function<int()>(call_mapped)}) {
    EXPECT_EQ(in("", call), 0) << "control";
    EXPECT_EQ(in("may", call), 0);
    EXPECT_EQ(tcp.count(), 2);
    EXPECT_EQ(in("high", call), ETIMEDOUT) << "dropped as it leaves by lo";
    EXPECT_EQ(tcp.count(), 0);
  }
  for (const Send how : {Send::To, Send::Connected}) {
    const auto send = [&] { return try_send(udp4(), *own, udp.port(), how); };
    EXPECT_EQ(in("", send), 0) << "control";
    EXPECT_EQ(in("may", send), 0);
    EXPECT_EQ(udp.count(), 2);
    EXPECT_EQ(in("high", send), EPERM);
    EXPECT_EQ(udp.count(), 0);
  }
}

TEST_F(Egress, TheNetworkIsNotConcerned) {
  make_jail("high", Profile::High, "");
  // RFC 5737 and 3849: documentation. connect(2) of a datagram socket sends nothing.
  for (const char *address : {"198.51.100.7", "203.0.113.9", "2001:db8::1"}) {
    const Kind kind = std::string_view(address).contains(':') ? udp6() : udp4();
    const auto call = [&] {
      const int fd = open_socket(kind), error = connect_to(fd, kind, address, 9);
      close(fd);
      return error;
    };
    EXPECT_EQ(in("high", call), in("", call)) << address;
    EXPECT_NE(in("high", call), EPERM) << address;
  }
}

TEST_F(Egress, ByAddress) {
  Server tcp(tcp6()), other(tcp6()), udp(udp6());
  const std::string tcp_port = std::to_string(tcp.port()), udp_port = std::to_string(udp.port());
  make_jail("may", Profile::High, "",
            "127.0.0.1:" + tcp_port + "/tcp,[::1]:" + udp_port + "/udp,127.0.0.5:" + udp_port + "/tcp");
  const auto connect = [](const char *to, uint16_t port) {
    return [=] { return try_connect(std::string_view(to).contains(':') ? tcp6() : tcp4(), to, port, kPatience); };
  };
  const auto send = [](const char *to, uint16_t port) {
    return [=] { return try_send(std::string_view(to).contains(':') ? udp6() : udp4(), to, port, Send::To); };
  };
  EXPECT_EQ(in("may", connect("127.0.0.1", tcp.port())), 0);
  EXPECT_EQ(in("may", connect("::ffff:127.0.0.1", tcp.port())), 0);
  EXPECT_EQ(in("may", connect("0.0.0.0", tcp.port())), 0) << "which is 127.0.0.1";
  EXPECT_EQ(tcp.count(), 3);
  EXPECT_EQ(in("may", connect("127.0.0.2", tcp.port())), EPERM);
  EXPECT_EQ(in("may", connect("::1", tcp.port())), EPERM);
  EXPECT_EQ(in("may", connect("127.0.0.1", other.port())), EPERM);
  EXPECT_EQ(tcp.count() + other.count(), 0);
  EXPECT_EQ(in("may", send("::1", udp.port())), 0);
  EXPECT_EQ(udp.count(), 1);
  EXPECT_EQ(in("may", send("127.0.0.1", udp.port())), EPERM);
  EXPECT_EQ(in("may", send("127.0.0.5", udp.port())), EPERM) << "TCP only";
  EXPECT_EQ(udp.count(), 0);
}

// Accepts, or receives, until it is killed.
void serve(const Kind &kind, uint16_t port, const std::function<void(int)> &report) {
  const int fd = open_socket(kind), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind_to(fd, kind, "", port) != 0 || (kind.type == SOCK_STREAM && listen(fd, 16) != 0)) return report(-1);
  report(port_of(fd));
  char byte;
  while (true)
    if (kind.type == SOCK_STREAM)
      close(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
    else
      (void)!recv(fd, &byte, 1, 0);
}

TEST_F(Egress, ByName) {
  const uint16_t port = free_port(), second = free_port();
  const std::string both = std::to_string(port) + "," + std::to_string(second);
  make_jail("web", Profile::High, "", "db:" + std::to_string(port));
  make_jail("all", Profile::Medium, "", "db");
  make_jail("other", Profile::High, "", "dbx,d");
  const auto round = [&](const char *what, bool there) {
    for (const Way &way : ways()) {
      EXPECT_EQ(in("web", [&] { return way.act(port); }), there ? 0 : EPERM) << what << way.name;
      EXPECT_EQ(in("all", [&] { return way.act(port); }), there ? 0 : EPERM) << what << way.name;
      EXPECT_EQ(in("all", [&] { return way.act(second); }), there ? 0 : EPERM) << what << way.name;
      EXPECT_EQ(in("web", [&] { return way.act(second); }), EPERM) << what << way.name << ", another port";
      EXPECT_EQ(in("other", [&] { return way.act(port); }), EPERM) << what << way.name << ", other names";
    }
  };
  std::vector<Jid> jids;
  for (int start = 0; start < 2; start++) {
    jids.push_back(make_jail("db", Profile::High, both));
    Member tcp1(cgroup_of("db"), [&](const auto &report) { serve(tcp6(), port, report); });
    Member tcp2(cgroup_of("db"), [&](const auto &report) { serve(tcp6(), second, report); });
    Member udp1(cgroup_of("db"), [&](const auto &report) { serve(udp6(), port, report); });
    Member udp2(cgroup_of("db"), [&](const auto &report) { serve(udp6(), second, report); });
    for (Member *member : {&tcp1, &tcp2, &udp1, &udp2}) ASSERT_GT(member->report(), 0);
    round(start == 0 ? "first start: " : "second start: ", true);
    EXPECT_EQ(in("db", [&] { return try_connect(tcp4(), "127.0.0.1", port, kPatience); }), 0) << "its own port";
    EXPECT_EQ(in("db", [&] { return try_connect(tcp6(), "::1", port, kPatience); }), 0) << "its own port";
    EXPECT_EQ(in("db", [&] { return try_send(udp4(), "127.0.0.1", port, Send::To); }), 0) << "its own port";
    drop_jail("db");
  }
  EXPECT_NE(jids[0], jids[1]);
  EXPECT_GT(denials("other").of(SJ_RULE_CALL_JAIL), 0U);
  // The port is the host's now, or another jail's: the permission was for db.
  {
    Server tcp(tcp6(), port), udp(udp6(), port);
    round("by the host: ", false);
    EXPECT_EQ(tcp.count() + udp.count(), 0);
  }
  make_jail("fake", Profile::High, both);
  round("by another jail: ", false);
  EXPECT_TRUE(MUST(tables().repair()).empty());
}

TEST_F(Egress, ItsOwnSockets) {
  make_jail("high", Profile::High, "");
  make_jail("medium", Profile::Medium, "");
  Member server(cgroup_of("high"), [&](const auto &report) { serve(udp4(), 0, report); });
  const auto port = static_cast<uint16_t>(server.report());
  for (const Send how : {Send::To, Send::Connected}) {
    const auto send = [&] { return try_send(udp4(), "127.0.0.1", port, how); };
    EXPECT_EQ(in("high", send), 0) << "a port that the kernel picked";
    EXPECT_EQ(in("medium", send), EPERM) << "of another jail";
  }
}

// A UDP server has to send to whoever asked, and to nobody else.
TEST_F(Egress, AnswersToWhoAsked) {
  const uint16_t port = free_port();
  make_jail("dns", Profile::High, std::to_string(port));
  for (const char *address : {"127.0.0.1", "::1"}) {
    const Kind kind = std::string_view(address).contains(':') ? udp6() : udp4();
    Server client(kind, 0, address), bystander(kind, 0, address);
    Member server(cgroup_of("dns"), [&](const auto &report) {
      const int fd = open_socket(kind);
      report(bind_to(fd, kind, "", port));
      report(send_from(fd, kind, address, client.port())); // before it asked
      char byte;
      report(recv(fd, &byte, 1, 0) == 1 ? 0 : errno);
      report(send_from(fd, kind, address, client.port()));
      report(send_from(fd, kind, address, bystander.port()));
      const int another = open_socket(kind);
      report(send_from(another, kind, address, client.port())); // it asked the first one
    });
    EXPECT_EQ(server.report(), 0) << address;
    EXPECT_EQ(server.report(), EPERM) << "nobody has asked: " << address;
    EXPECT_EQ(send_from(client.fd(), kind, address, port), 0) << address;
    EXPECT_EQ(server.report(), 0) << address;
    EXPECT_EQ(server.report(), 0) << "the answer: " << address;
    EXPECT_EQ(server.report(), EPERM) << "to one who did not ask: " << address;
    EXPECT_EQ(server.report(), EPERM) << "by another socket: " << address;
    EXPECT_EQ(client.count(), 1) << address;
    EXPECT_EQ(bystander.count(), 0) << address;
  }
}

TEST_F(Egress, LinkLocalMulticastBroadcast) {
  make_jail("high", Profile::High, "");
  make_jail("may", Profile::High, "", "169.254.169.254:80,224.0.0.251:5353,[fe80::1]:53,[ff02::fb]:5353");
  make_jail("low", Profile::Low, "");
  const auto denied = [&](const std::string &jail, const Kind &kind, const char *to, uint16_t port,
                          Send how = Send::To) {
    return in(jail, [&] {
             return kind.type == SOCK_STREAM ? try_connect(kind, to, port, 50) : try_send(kind, to, port, how);
           }) == EPERM;
  };
  const struct {
    Kind kind;
    const char *to;
    uint16_t port;
    bool granted;
  } cases[] = {{tcp4(), "169.254.169.254", 80, true}, {tcp6(), "::ffff:169.254.169.254", 80, true},
               {udp4(), "169.254.169.254", 80, true}, {udp4(), "224.0.0.251", 5353, true},
               {udp4(), "224.0.0.1", 5353, false},    {tcp6(), "fe80::1", 53, true},
               {udp6(), "fe80::1", 53, true},         {udp6(), "ff02::fb", 5353, true},
               {udp6(), "ff02::1", 5353, false},      {tcp4(), "169.254.1.1", 80, false}};
  for (const auto &one : cases) {
    EXPECT_FALSE(denied("", one.kind, one.to, one.port)) << "control: " << one.kind.name << " " << one.to;
    EXPECT_FALSE(denied("low", one.kind, one.to, one.port)) << one.kind.name << " " << one.to;
    EXPECT_TRUE(denied("high", one.kind, one.to, one.port)) << one.kind.name << " " << one.to;
    EXPECT_EQ(denied("may", one.kind, one.to, one.port), !one.granted) << one.kind.name << " " << one.to;
  }
  EXPECT_GE(denials("high").of(SJ_RULE_CALL_NEAR), std::size(cases));
  // Its connect(2) asks nobody; the datagram is seen as it leaves.
  if (const Kind lite = of("udplite4"); !lite.name.empty()) {
    EXPECT_FALSE(denied("", lite, "224.0.0.1", 5353, Send::Connected)) << "control";
    EXPECT_FALSE(denied("may", lite, "224.0.0.251", 5353, Send::Connected));
    EXPECT_TRUE(denied("high", lite, "224.0.0.1", 5353, Send::Connected));
  }
}

// What connect and sendmsg cannot know, the egress program sees: a socket bound to ::ffff:127.0.0.1 takes :: for
// 127.0.0.1.
TEST_F(Egress, NothingLeavesThatConnectMistook) {
  Server tcp(tcp6());
  const uint16_t port = tcp.port();
  make_jail("may", Profile::High, "", "[::1]:" + std::to_string(port));
  const auto call = [&] {
    const int fd = open_socket(tcp6());
    if (bind_to(fd, tcp6(), "::ffff:127.0.0.1", 0) != 0) return -1;
    const timeval patience{.tv_sec = 0, .tv_usec = kPatience * 1000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    const int error = connect_to(fd, tcp6(), "", port);
    close(fd);
    return error;
  };
  EXPECT_EQ(in("", call), 0) << "control";
  EXPECT_EQ(tcp.count(), 1);
  EXPECT_EQ(in("may", [&] { return try_connect(tcp6(), "::1", port, kPatience); }), 0) << "control: what it may";
  EXPECT_EQ(tcp.count(), 1);
  EXPECT_EQ(in("may", call), EINPROGRESS) << "no answer";
  EXPECT_EQ(tcp.count(), 0);
}

// A connected UDP socket asks nobody again; its datagrams are looked at one by one.
TEST_F(Egress, PermissionEndsWithTheOtherJail) {
  const uint16_t port = free_port();
  make_jail("web", Profile::High, "", "db");
  make_jail("db", Profile::High, std::to_string(port));
  int go[2];
  ASSERT_EQ(pipe(go), 0);
  Member web(cgroup_of("web"), [&](const auto &report) {
    const int fd = open_socket(udp4());
    report(connect_to(fd, udp4(), "127.0.0.1", port));
    char byte;
    while (read(go[0], &byte, 1) == 1) {
      const ssize_t sent = send(fd, "x", 1, 0);
      report(sent == 1 ? 0 : errno);
    }
  });
  EXPECT_EQ(web.report(), 0);
  ASSERT_EQ(write(go[1], "x", 1), 1);
  EXPECT_EQ(web.report(), 0);
  drop_jail("db");
  Server host(udp4(), port);
  int last = 0;
  for (int i = 0; i < 2 && last != EPERM; i++) { // the first one tells that nobody was there before
    ASSERT_EQ(write(go[1], "x", 1), 1);
    last = web.report();
  }
  EXPECT_EQ(last, EPERM);
  EXPECT_EQ(host.count(), 0);
  close(go[0]);
  close(go[1]);
}

TEST_F(Egress, RepairMakesPermissionsFollowFromTheJails) {
  Server tcp(tcp4());
  const std::string port = std::to_string(tcp.port());
  const Jid jid = make_jail("may", Profile::High, "", "127.0.0.1:" + port + ",db:1/tcp,db:1/udp");
  make_jail("not", Profile::High, "");
  const Jid other = MUST(tables().find("not")).jid;
  const auto grants = MUST((bpf::Map<sj_grant_key, uint32_t>::open(test_instance().bpffs_dir(), "grants")));
  const auto call = [&] { return try_connect(tcp4(), "127.0.0.1", tcp.port(), kPatience); };
  auto rows = MUST(grants.all());
  EXPECT_EQ(rows.size(), 2U);
  for (auto &[key, protos] : rows) {
    MUST(grants.erase(key));
    key.jid = other;
    MUST(grants.update(key, protos));
  }
  EXPECT_EQ(in("may", call), EPERM) << "control: it is broken";
  EXPECT_EQ(in("not", call), 0) << "control";
  EXPECT_EQ(MUST(tables().repair()).size(), 4U);
  EXPECT_EQ(in("may", call), 0);
  EXPECT_EQ(in("not", call), EPERM);
  EXPECT_TRUE(MUST(tables().repair()).empty());
  MUST(tables().destroy(jid));
  EXPECT_TRUE(MUST(grants.all()).empty());
}

} // namespace
} // namespace jails::test
