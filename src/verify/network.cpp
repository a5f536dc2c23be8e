// Ports and sockets.
#include "abi/secmodel_jail.h"
#include "model/net.h"
#include "verify/canary.h"
#include "verify/trial.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <fmt/format.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace jails::verify {
namespace {

struct Kind {
  const char *name;
  int family, type, protocol;
  const char *address;
};
constexpr Kind kKinds[] = {{"tcp", AF_INET, SOCK_STREAM, 0, "0.0.0.0"},
                           {"tcp on loopback", AF_INET, SOCK_STREAM, 0, "127.0.0.1"},
                           {"mptcp", AF_INET, SOCK_STREAM, 262, "0.0.0.0"},
                           {"udp", AF_INET, SOCK_DGRAM, 0, "0.0.0.0"},
                           {"udplite", AF_INET, SOCK_DGRAM, 136, "0.0.0.0"},
                           {"tcp6", AF_INET6, SOCK_STREAM, 0, "::"},
                           {"tcp6 mapped", AF_INET6, SOCK_STREAM, 0, "::ffff:127.0.0.1"},
                           {"udp6", AF_INET6, SOCK_DGRAM, 0, "::"},
                           {"udp6 mapped", AF_INET6, SOCK_DGRAM, 0, "::ffff:127.0.0.1"}};

struct Address {
  sockaddr_storage at{};
  socklen_t size = 0;
};
Address address_of(const Kind &kind, uint16_t port) {
  Address made;
  if (kind.family == AF_INET) {
    auto *at = reinterpret_cast<sockaddr_in *>(&made.at);
    at->sin_family = AF_INET;
    at->sin_port = htons(port);
    inet_pton(AF_INET, kind.address, &at->sin_addr);
    made.size = sizeof *at;
  } else {
    auto *at = reinterpret_cast<sockaddr_in6 *>(&made.at);
    at->sin6_family = AF_INET6;
    at->sin6_port = htons(port);
    inet_pton(AF_INET6, kind.address, &at->sin6_addr);
    made.size = sizeof *at;
  }
  return made;
}

uint16_t port_of(Probe &probe, long fd) {
  const uint64_t at = probe.space(sizeof(sockaddr_in6));
  const uint64_t size = probe.object(socklen_t{sizeof(sockaddr_in6)});
  if (probe.call(SYS_getsockname, {fd, at, size}) != 0) return 0;
  return ntohs(probe.read<sockaddr_in6>(at).sin6_port); // at the same place in both families
}

// What bind(2) said there; the socket is gone again. No socket of the kind: its error.
long bind_there(Probe &probe, const Kind &kind, uint16_t port, uint16_t *got = nullptr) {
  const long fd = probe.call(SYS_socket, {kind.family, kind.type | SOCK_CLOEXEC, kind.protocol});
  if (fd < 0) return fd;
  const auto address = address_of(kind, port);
  const uint64_t at = probe.bytes(&address.at, address.size);
  const long rc = probe.call(SYS_bind, {fd, at, address.size});
  if (rc == 0 && got != nullptr) *got = port_of(probe, fd);
  probe.call(SYS_close, {fd});
  return rc;
}

bool absent(long rc) { return rc == -EAFNOSUPPORT || rc == -EPROTONOSUPPORT || rc == -EADDRNOTAVAIL; }

void port_owned(Trial &trial) {
  if (trial.targets().port == 0) {
    trial.skip("there is no decoy jail to own a port");
    return;
  }
  for (const auto &kind : kKinds) {
    const long rc = bind_there(trial.probe(), kind, trial.targets().port);
    if (!absent(rc)) trial.refused(kind.name, rc, {EPERM});
  }
}

void port_unreserved(Trial &trial) {
  const auto &subject = trial.subject();
  for (const uint16_t port : {subject.low_port, subject.high_port}) {
    if (port == 0) continue;
    const bool allowed = sj_unreserved_bind(subject.profile(), port) == SJ_ALLOW;
    for (const auto &kind : kKinds) {
      const long rc = bind_there(trial.probe(), kind, port);
      if (absent(rc)) continue;
      const auto act = fmt::format("{} {}", kind.name, port < 1024 ? "below 1024" : "above");
      if (allowed)
        trial.judged(act, rc == 0, true, rc == 0 ? "" : "refused");
      else
        trial.refused(act, rc, {EPERM, EACCES});
    }
  }
}

// What the kernel picks by itself is never another's.
void port_picked(Trial &trial) {
  for (const auto &kind : kKinds) {
    if (kind.protocol != 0) continue;
    for (int i = 0; i < 4; i++) {
      uint16_t port = 0;
      const long rc = bind_there(trial.probe(), kind, 0, &port);
      if (absent(rc)) continue;
      const bool theirs = rc == 0 && trial.subject().taken->contains(port);
      trial.judged(kind.name, theirs || rc != 0, false,
                   theirs    ? fmt::format("port {} of another jail", port)
                   : rc != 0 ? "no port at all"
                             : "a free port");
    }
  }
}

// Connections to ports it does not own that were dropped so far.
uint64_t dropped(const Trial &trial) {
  const auto tables = Tables::open(trial.subject().instance);
  const auto denials = tables ? tables->denials(trial.subject().row.jid) : std::unexpected(tables.error());
  return denials ? denials->of(SJ_RULE_LISTEN_UNBOUND) : 0;
}

enum class Answer : uint8_t { Accepted, Dropped, None };

// A connection from here. On the loopback a SYN has arrived, or was dropped, by the time connect(2) returns.
Answer ask(const Trial &trial, const Kind &kind, uint16_t port) {
  const auto address = address_of(kind, port);
  const uint64_t before = dropped(trial);
  const Fd fd(socket(kind.family, kind.type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return Answer::None;
  if (connect(fd.get(), reinterpret_cast<const sockaddr *>(&address.at), address.size) == 0) return Answer::Accepted;
  if (errno == EINPROGRESS && dropped(trial) > before) return Answer::Dropped;
  pollfd ready{.fd = fd.get(), .events = POLLOUT, .revents = 0};
  int error = ETIMEDOUT;
  socklen_t size = sizeof error;
  if (poll(&ready, 1, 200) == 1) getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0) return Answer::Accepted;
  return dropped(trial) > before ? Answer::Dropped : Answer::None;
}

// listen(2) without bind(2) takes a port that no bind hook sees.
void listen_unbound(Trial &trial) {
  Probe &probe = trial.probe();
  constexpr Kind kListeners[] = {{"tcp", AF_INET, SOCK_STREAM, 0, "127.0.0.1"},
                                 {"tcp6", AF_INET6, SOCK_STREAM, 0, "::1"}};
  for (const auto &kind : kListeners) {
    const long fd = probe.call(SYS_socket, {kind.family, kind.type | SOCK_CLOEXEC, kind.protocol});
    if (fd < 0) continue;
    const long rc = probe.call(SYS_listen, {fd, 4});
    const uint16_t port = rc == 0 ? port_of(probe, fd) : 0;
    if (port != 0) {
      const auto answer = ask(trial, kind, port);
      const bool allowed = sj_unreserved_listen(trial.subject().profile(), port) == SJ_ALLOW;
      // Nobody answers and nothing was dropped: then it is not the guard that held.
      trial.judged(kind.name, answer == Answer::Accepted || (answer == Answer::None && !trial.control()), allowed,
                   answer == Answer::Accepted  ? "a connection was accepted"
                   : answer == Answer::Dropped ? "connection dropped"
                                               : "no connection, and none was dropped");
    } else {
      trial.refused(kind.name, rc, {EPERM, EACCES});
    }
    probe.call(SYS_close, {fd});
  }
}

// Is the address one that the jail may call by its configuration, whoever serves there?
bool may_call(const Subject &subject, const char *text, uint16_t port) {
  if (subject.row.profile == Profile::Low) return true;
  const auto address = parse_own_address(text);
  return address && std::ranges::any_of(subject.row.net.connect,
                                        [&](const Destination &to) { return to.at == *address && to.port == port; });
}

// At a port that the decoy reserved and nobody serves: where the call goes through, nothing comes of it.
void calls(Trial &trial) {
  if (trial.targets().port == 0) {
    trial.skip("there is no decoy jail to own a port");
    return;
  }
  struct Call {
    Kind kind;
    const char *plain; // the address as a configuration has it
    bool datagram;     // sendto(2) instead of connect(2)
  };
  constexpr Call kCalls[] = {
      {{"tcp", AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, "127.0.0.1"}, "127.0.0.1", false},
      {{"tcp6", AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0, "::1"}, "::1", false},
      {{"tcp6 mapped", AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0, "::ffff:127.0.0.1"}, "127.0.0.1", false},
      {{"udp", AF_INET, SOCK_DGRAM, 0, "127.0.0.1"}, "127.0.0.1", false},
      {{"udp wildcard", AF_INET, SOCK_DGRAM, 0, "0.0.0.0"}, "127.0.0.1", false},
      {{"udp6", AF_INET6, SOCK_DGRAM, 0, "::1"}, "::1", false},
      {{"udp link-local", AF_INET, SOCK_DGRAM, 0, "169.254.255.254"}, "169.254.255.254", false},
      {{"udp sendto", AF_INET, SOCK_DGRAM, 0, "127.0.0.1"}, "127.0.0.1", true},
      {{"udp6 mapped sendto", AF_INET6, SOCK_DGRAM, 0, "::ffff:127.0.0.1"}, "127.0.0.1", true}};
  Probe &probe = trial.probe();
  const uint16_t port = trial.targets().port;
  for (const auto &call : kCalls) {
    const auto &kind = call.kind;
    const long fd = probe.call(SYS_socket, {kind.family, kind.type | SOCK_CLOEXEC, kind.protocol});
    if (fd < 0) continue;
    const auto address = address_of(kind, port);
    const uint64_t at = probe.bytes(&address.at, address.size);
    const long rc = call.datagram ? probe.call(SYS_sendto, {fd, 0, 0, 0, at, address.size})
                                  : probe.call(SYS_connect, {fd, at, address.size});
    probe.call(SYS_close, {fd});
    if (may_call(trial.subject(), call.plain, port))
      trial.judged(kind.name, rc != -EPERM, true, rc != -EPERM ? "" : "refused");
    else
      trial.refused(kind.name, rc, {EPERM, EACCES});
  }
}

void abstract(Trial &trial) {
  Probe &probe = trial.probe();
  constexpr int kTypes[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};
  constexpr const char *kNames[] = {"stream", "seqpacket", "dgram"};
  const auto &names = trial.targets().abstract_names;
  for (size_t i = 0; i < names.size(); i++) {
    const auto [at, size] = abstract_address(names[i]);
    const long fd = probe.call(SYS_socket, {AF_UNIX, kTypes[i % 3] | SOCK_CLOEXEC, 0});
    const auto on = i < 3 ? "a socket of the host" : "a socket of the decoy";
    uint64_t address = probe.object(at);
    trial.refused(fmt::format("connect, {}", kNames[i % 3]), probe.call(SYS_connect, {fd, address, size}), {EPERM}, on);
    probe.call(SYS_close, {fd});
    if (kTypes[i % 3] != SOCK_DGRAM) continue;
    const long other = probe.call(SYS_socket, {AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0});
    const uint64_t byte = probe.text("x");
    address = probe.object(at);
    trial.refused("sendto, dgram", probe.call(SYS_sendto, {other, byte, 1, 0, address, size}), {EPERM}, on);
    probe.call(SYS_close, {other});
  }
}

// Options that need CAP_NET_ADMIN or CAP_NET_RAW: routing marks, foreign addresses, buffers past the host's limit.
void socket_options(Trial &trial) {
  struct Choice {
    const char *name;
    int level, option;
  };
  constexpr Choice kChoices[] = {{"SO_MARK", SOL_SOCKET, SO_MARK},
                                 {"SO_SNDBUFFORCE", SOL_SOCKET, SO_SNDBUFFORCE},
                                 {"SO_RCVBUFFORCE", SOL_SOCKET, SO_RCVBUFFORCE},
                                 {"IP_TRANSPARENT", IPPROTO_IP, IP_TRANSPARENT},
                                 {"TCP_REPAIR", IPPROTO_TCP, TCP_REPAIR}};
  Probe &probe = trial.probe();
  const long fd = probe.call(SYS_socket, {AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0});
  for (const auto &choice : kChoices) {
    const uint64_t at = probe.object(int{1});
    const long rc = probe.call(SYS_setsockopt, {fd, choice.level, choice.option, at, sizeof(int)});
    trial.refused(choice.name, rc, {EPERM});
  }
  probe.call(SYS_close, {fd});
}

// A change of the host's network by rtnetlink: of an interface that does not exist, so that nothing goes where it may.
void network_changes(Trial &trial) {
  struct Message {
    nlmsghdr header;
    ifinfomsg link;
  };
  struct Reply {
    nlmsghdr header;
    nlmsgerr error;
  };
  Probe &probe = trial.probe();
  const long fd = probe.call(SYS_socket, {AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE});
  if (fd < 0) {
    trial.refused("a route socket", fd, {EPERM, EACCES, EAFNOSUPPORT});
    return;
  }
  Message message{};
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = RTM_DELLINK;
  message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  message.link.ifi_index = 0x7ffffff0;
  const uint64_t request = probe.object(message);
  long rc = probe.call(SYS_sendto, {fd, request, sizeof message, 0, 0, 0});
  if (rc > 0) {
    const uint64_t at = probe.space(256);
    rc = probe.call(SYS_recvfrom, {fd, at, 256, MSG_DONTWAIT, 0, 0});
    if (rc >= static_cast<long>(sizeof(Reply))) rc = probe.read<Reply>(at).error.error;
  }
  trial.refused("RTM_DELLINK", rc, {EPERM});
  probe.call(SYS_close, {fd});
}

constexpr Check kChecks[] = {
    {"port-owned", "bind a port that the decoy jail reserved", port_owned, nullptr},
    {"port-unreserved", "bind ports that nobody reserved", port_unreserved, nullptr},
    {"port-picked", "have the kernel pick a port that is another's", port_picked, "only who picks matters"},
    {"listen-unbound", "accept connections on a port it never bound", listen_unbound, nullptr},
    {"calls", "call a service of another jail on the host's loopback", calls, nullptr},
    {"socket-options", "set socket options that only an administrator may", socket_options, nullptr},
    {"network-changes", "change the host's interfaces by rtnetlink", network_changes, nullptr},
    {"abstract", "connect to abstract sockets of host and decoy", abstract, nullptr},
};

} // namespace

std::span<const Check> network_checks() { return kChecks; }

} // namespace jails::verify
