#include "member.h"
#include "sockets.h"
#include "world.h"

#include <cerrno>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jails::test {
namespace {

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51 // Linux 6.3
#endif

class Ports : public World {
protected:
  int bind_in(const std::string &jail, const Kind &kind, const std::string &address, uint16_t port) {
    return run_in(jail.empty() ? "" : cgroup_of(jail), [&] { return try_bind(kind, address, port); });
  }
};

TEST_F(Ports, OnlyTheOwnerBinds) {
  const uint16_t port = free_port();
  for (const Kind &kind : kinds()) EXPECT_EQ(try_bind(kind, "", port), 0) << "control: " << kind.name;
  make_jail("owner", Profile::High, std::to_string(port));
  make_jail("other", Profile::Low, "");
  for (const Kind &kind : kinds()) {
    EXPECT_EQ(bind_in("owner", kind, "", port), 0) << kind.name;
    EXPECT_EQ(bind_in("other", kind, "", port), EPERM) << kind.name;
    EXPECT_EQ(bind_in("", kind, "", port), EPERM) << kind.name << " by host root";
  }
  EXPECT_EQ(denials("other").of(SJ_RULE_BIND_OWNED), kinds().size());
  EXPECT_EQ(denials("").of(SJ_RULE_BIND_OWNED), kinds().size());
  EXPECT_EQ(denials("owner").of(SJ_RULE_BIND_OWNED), 0U);
  drop_jail("owner");
  for (const Kind &kind : kinds()) EXPECT_EQ(try_bind(kind, "", port), 0) << "released: " << kind.name;
}

TEST_F(Ports, EveryFormOfTheAddress) {
  const uint16_t port = free_port();
  make_jail("owner", Profile::High, std::to_string(port));
  for (const char *address : {"", "::1", "::ffff:127.0.0.1", "::ffff:0.0.0.0"}) {
    EXPECT_EQ(bind_in("owner", tcp6(), address, port), 0) << address;
    EXPECT_EQ(bind_in("", tcp6(), address, port), EPERM) << address;
    EXPECT_EQ(bind_in("", tcp6(), address, static_cast<uint16_t>(port + 1)), 0) << "control: " << address;
  }
}

TEST_F(Ports, NarrowedToAddressAndProtocol) {
  const uint16_t port = free_port();
  make_jail("owner", Profile::High, "tcp/" + std::to_string(port) + "@127.0.0.2");
  EXPECT_EQ(bind_in("owner", tcp4(), "127.0.0.2", port), 0);
  EXPECT_EQ(bind_in("owner", tcp6(), "::ffff:127.0.0.2", port), 0);
  EXPECT_EQ(bind_in("owner", tcp4(), "127.0.0.3", port), EPERM) << "another address was not reserved";
  EXPECT_EQ(bind_in("owner", tcp4(), "", port), EPERM) << "the wildcard was not reserved";
  EXPECT_EQ(bind_in("owner", udp4(), "127.0.0.2", port), EPERM) << "UDP was not reserved";
  EXPECT_EQ(bind_in("", tcp4(), "127.0.0.2", port), EPERM);
  EXPECT_EQ(bind_in("", tcp6(), "::ffff:127.0.0.2", port), EPERM);
  EXPECT_EQ(bind_in("", tcp4(), "", port), EPERM) << "the wildcard takes the reserved address";
  EXPECT_EQ(bind_in("", tcp6(), "", port), EPERM);
  EXPECT_EQ(bind_in("", tcp4(), "127.0.0.3", port), 0);
  EXPECT_EQ(bind_in("", udp4(), "127.0.0.2", port), 0);
}

TEST_F(Ports, UnreservedByProfile) {
  const uint16_t port = free_port();
  constexpr uint16_t kPrivileged = 777;
  make_jail("low", Profile::Low, "");
  make_jail("medium", Profile::Medium, "");
  make_jail("high", Profile::High, "");
  for (const Kind &kind : kinds()) {
    EXPECT_EQ(bind_in("", kind, "", port), 0) << "control: " << kind.name;
    EXPECT_EQ(bind_in("", kind, "", kPrivileged), 0) << "control: " << kind.name;
    EXPECT_EQ(bind_in("low", kind, "", port), 0) << kind.name;
    EXPECT_EQ(bind_in("low", kind, "", kPrivileged), EPERM) << kind.name;
    EXPECT_EQ(bind_in("medium", kind, "", port), EPERM) << kind.name;
    EXPECT_EQ(bind_in("high", kind, "", port), EPERM) << kind.name;
    for (const char *jail : {"low", "medium", "high"}) EXPECT_EQ(bind_in(jail, kind, "", 0), 0) << jail << kind.name;
  }
  EXPECT_EQ(denials("high").of(SJ_RULE_BIND_UNRESERVED), kinds().size());
  EXPECT_EQ(denials("low").of(SJ_RULE_BIND_UNRESERVED), kinds().size());
}

// Binds port 0 with the kernel's choice narrowed to first..last: the port picked, or -errno.
int pick(uint16_t first, uint16_t last) {
  const int fd = open_socket(tcp4());
  const uint32_t range = static_cast<uint32_t>(last) << 16 | first;
  if (setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range)) != 0) return -errno;
  const int error = bind_to(fd, tcp4(), "", 0);
  const int picked = port_of(fd);
  close(fd);
  return error == 0 ? picked : -error;
}

TEST_F(Ports, KernelNeverPicksAReservedPort) {
  const uint16_t port = free_ephemeral_port();
  EXPECT_EQ(pick(port, port), port) << "control: picked while it is not reserved";
  make_jail("owner", Profile::High, std::to_string(port));
  EXPECT_EQ(pick(port, port), -EADDRINUSE);
  for (int i = 0; i < 50; i++) EXPECT_NE(pick(port, static_cast<uint16_t>(port + 1)), port);
}

TEST_F(Ports, PostBindGuardsAPickThatTheSysctlMissed) {
  const uint16_t port = free_ephemeral_port();
  make_jail("owner", Profile::High, std::to_string(port));
  // Somebody takes it out of the sysctl: the program is what protects, the sysctl only keeps binds from failing.
  edit_reserved_ports([&](PortSet &ports) { ports.reset(port); });
  EXPECT_EQ(pick(port, port), -EPERM);
  EXPECT_EQ(run_in(cgroup_of("owner"), [&] { return pick(port, port) == port ? 0 : 1; }), 0) << "control: the owner";
  const auto repaired = MUST(tables().repair());
  EXPECT_EQ(repaired.size(), 1U);
  EXPECT_TRUE(MUST(read_reserved_ports()).test(port));
}

int join_reuseport(uint16_t port) {
  const int fd = open_socket(tcp4());
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  int error = bind_to(fd, tcp4(), "", port);
  if (error == 0 && listen(fd, 1) != 0) error = errno;
  close(fd);
  return error;
}

TEST_F(Ports, NobodyJoinsAListenerBySO_REUSEPORT) {
  const uint16_t hosts = free_port(), jails = free_port();
  make_jail("web", Profile::High, std::to_string(jails));
  const int listener = open_socket(tcp4());
  const int on = 1;
  ASSERT_EQ(setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
  ASSERT_EQ(bind_to(listener, tcp4(), "", hosts), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  EXPECT_EQ(join_reuseport(hosts), 0) << "control: the host itself may";
  EXPECT_EQ(run_in(cgroup_of("web"), [&] { return join_reuseport(hosts); }), EPERM);
  close(listener);

  Member server(cgroup_of("web"), [&](const auto &report) {
    const int fd = open_socket(tcp4());
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    const int error = bind_to(fd, tcp4(), "", jails);
    report(error == 0 && listen(fd, 1) == 0 ? 0 : 1);
    pause();
  });
  ASSERT_EQ(server.report(), 0);
  EXPECT_EQ(run_in(cgroup_of("web"), [&] { return join_reuseport(jails); }), 0) << "control: the jail itself may";
  EXPECT_EQ(join_reuseport(jails), EPERM);
}

TEST_F(Ports, OtherNetworkNamespacesAreNotConcerned) {
  const uint16_t port = free_port();
  make_jail("owner", Profile::High, std::to_string(port));
  make_jail("other", Profile::High, "");
  const auto in_new_netns = [&] { return unshare(CLONE_NEWNET) != 0 ? errno : try_bind(tcp4(), "", port); };
  EXPECT_EQ(run_in("", [&] { return try_bind(tcp4(), "", port); }), EPERM) << "control: the host's namespace";
  EXPECT_EQ(run_in("", in_new_netns), 0);
  EXPECT_EQ(run_in(cgroup_of("other"), in_new_netns), 0) << "a jail with a stack of its own has all its ports";
}

TEST_F(Ports, CgroupBelowAJailsIsTheJail) {
  const uint16_t port = free_port();
  make_jail("owner", Profile::High, std::to_string(port));
  const std::string below = cgroup_of("owner") + "/below";
  ASSERT_EQ(mkdir(below.c_str(), 0755), 0);
  EXPECT_EQ(run_in(below, [&] { return try_bind(tcp4(), "", port); }), 0);
  EXPECT_EQ(run_in(below, [&] { return try_bind(tcp4(), "", static_cast<uint16_t>(port + 1)); }), EPERM);
}

TEST_F(Ports, CgroupWithoutAJailGetsNothing) {
  const uint16_t port = free_port();
  ASSERT_EQ(mkdir(cgroup_of("lost").c_str(), 0755), 0);
  EXPECT_EQ(bind_in("lost", tcp4(), "", port), EPERM);
  EXPECT_EQ(bind_in("lost", tcp4(), "", 0), 0);
  EXPECT_EQ(bind_in("", tcp4(), "", port), 0) << "control";
}

TEST_F(Ports, HostMayUseAJailsSocket) {
  const uint16_t port = free_port();
  make_jail("jail", Profile::High, "");
  // A socket belongs to the cgroup it was made in, the decision to the task that binds.
  const int fd = [&] {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0) return -1;
    Member maker(cgroup_of("jail"), [&](const auto &report) {
      const int made = open_socket(tcp4());
      char byte = 0, control[CMSG_SPACE(sizeof(int))] = {};
      iovec data{.iov_base = &byte, .iov_len = 1};
      msghdr message{};
      message.msg_iov = &data, message.msg_iovlen = 1;
      message.msg_control = control, message.msg_controllen = sizeof(control);
      cmsghdr *header = CMSG_FIRSTHDR(&message);
      *header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
      memcpy(CMSG_DATA(header), &made, sizeof(made));
      report(sendmsg(pair[0], &message, 0) == 1 ? 0 : 1);
    });
    char byte = 0, control[CMSG_SPACE(sizeof(int))] = {};
    iovec data{.iov_base = &byte, .iov_len = 1};
    msghdr message{};
    message.msg_iov = &data, message.msg_iovlen = 1;
    message.msg_control = control, message.msg_controllen = sizeof(control);
    int passed = -1;
    if (maker.report() == 0 && recvmsg(pair[1], &message, 0) == 1 && CMSG_FIRSTHDR(&message) != nullptr)
      memcpy(&passed, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(passed));
    close(pair[0]);
    close(pair[1]);
    return passed;
  }();
  ASSERT_GE(fd, 0);
  EXPECT_EQ(bind_in("jail", tcp4(), "", port), EPERM) << "control: the jail itself may not";
  EXPECT_EQ(bind_to(fd, tcp4(), "", port), 0);
  close(fd);
}

} // namespace
} // namespace jails::test
