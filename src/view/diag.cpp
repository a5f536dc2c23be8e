#include "view/diag.h"

#include "base/fd.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <functional>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jails::view {
namespace {

template <class T> bool take(std::string_view bytes, T &to) {
  if (bytes.size() < sizeof to) return false;
  memcpy(&to, bytes.data(), sizeof to);
  return true;
}

// The attributes behind the fixed part of a message.
void each_attribute(std::string_view bytes, const std::function<void(unsigned, std::string_view)> &seen) {
  rtattr head{};
  while (take(bytes, head) && head.rta_len >= sizeof head && head.rta_len <= bytes.size()) {
    seen(head.rta_type, bytes.substr(sizeof head, head.rta_len - sizeof head));
    bytes.remove_prefix(std::min<size_t>(bytes.size(), RTA_ALIGN(head.rta_len)));
  }
}

// One request, all its answers. what: for the error.
Status dump(std::string_view request, const char *what, const std::function<void(std::string_view)> &seen) {
  const Fd socket_fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!socket_fd) return fail_errno(what);
  if (send(socket_fd.get(), request.data(), request.size(), 0) < 0) return fail_errno(what);
  std::vector<char> buffer(64U << 10U);
  while (true) {
    const ssize_t got = recv(socket_fd.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail_errno(what);
    std::string_view rest(buffer.data(), static_cast<size_t>(got));
    for (nlmsghdr head{}; take(rest, head) && head.nlmsg_len >= sizeof head && head.nlmsg_len <= rest.size();) {
      const auto body = rest.substr(sizeof head, head.nlmsg_len - sizeof head);
      if (head.nlmsg_type == NLMSG_DONE) return {};
      if (head.nlmsg_type == NLMSG_ERROR) {
        nlmsgerr error{};
        if (take(body, error) && error.error == -ENOENT) // no module for this family and protocol
          return fail(ErrorKind::Unsupported, std::string(what) + ": this kernel does not tell", ENOENT);
        return fail_errno(what, -error.error);
      }
      seen(body);
      rest.remove_prefix(std::min<size_t>(rest.size(), NLMSG_ALIGN(head.nlmsg_len)));
    }
  }
}

template <class Body> std::string request_of(const Body &body) {
  nlmsghdr head{};
  head.nlmsg_len = sizeof head + sizeof body;
  head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  std::string request(reinterpret_cast<const char *>(&head), sizeof head);
  return request.append(reinterpret_cast<const char *>(&body), sizeof body);
}

std::string address_text(int family, const void *bytes) {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(family, bytes, text, sizeof text) != nullptr ? text : "?";
}

// [::] takes IPv4 as well, so a wildcard of either family touches every address.
PortReservation bound_to(const inet_diag_msg &message, Proto proto) {
  PortReservation at{.port = ntohs(message.id.idiag_sport), .protos = proto};
  constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const auto *bytes = reinterpret_cast<const uint8_t *>(message.id.idiag_src);
  const bool v4 = message.idiag_family == AF_INET;
  const bool mapped = !v4 && std::equal(std::begin(kMapped), std::end(kMapped), bytes);
  std::copy_n(mapped ? bytes + sizeof kMapped : bytes, v4 || mapped ? 4 : 16, at.addr.begin());
  if (std::ranges::any_of(at.addr, [](uint8_t byte) { return byte != 0; })) at.family = v4 || mapped ? 4 : 6;
  return at;
}

} // namespace

std::optional<InetSocket> parse_inet(std::string_view message, Proto proto) {
  inet_diag_msg fixed{};
  if (!take(message, fixed)) return std::nullopt;
  InetSocket found{.proto = proto,
                   .family = static_cast<uint8_t>(fixed.idiag_family == AF_INET ? 4 : 6),
                   .state = fixed.idiag_state,
                   .local = address_text(fixed.idiag_family, fixed.id.idiag_src),
                   .peer = address_text(fixed.idiag_family, fixed.id.idiag_dst),
                   .local_port = ntohs(fixed.id.idiag_sport),
                   .peer_port = ntohs(fixed.id.idiag_dport),
                   .bound = bound_to(fixed, proto),
                   .inode = fixed.idiag_inode,
                   .cgroup = {}};
  each_attribute(message.substr(NLMSG_ALIGN(sizeof fixed)), [&](unsigned type, std::string_view value) {
    uint64_t id = 0;
    if (type == INET_DIAG_CGROUP_ID && take(value, id)) found.cgroup = id;
  });
  return found;
}

std::optional<UnixSocket> parse_unix(std::string_view message) {
  unix_diag_msg fixed{};
  if (!take(message, fixed)) return std::nullopt;
  UnixSocket found{.type = fixed.udiag_type,
                   .state = fixed.udiag_state,
                   .inode = fixed.udiag_ino,
                   .peer = 0,
                   .name = {},
                   .waiting = {}};
  each_attribute(message.substr(NLMSG_ALIGN(sizeof fixed)), [&](unsigned type, std::string_view value) {
    if (type == UNIX_DIAG_NAME) found.name = value;
    if (type == UNIX_DIAG_PEER) take(value, found.peer);
    if (type != UNIX_DIAG_ICONS) return;
    for (uint32_t inode = 0; take(value, inode); value.remove_prefix(sizeof inode)) found.waiting.push_back(inode);
  });
  // A path comes with the NUL that ends it, or without; an abstract name may hold any.
  if (!found.name.empty() && found.name.front() != '\0') found.name.resize(found.name.find_last_not_of('\0') + 1);
  return found;
}

Result<std::vector<InetSocket>> inet_sockets() {
  std::vector<InetSocket> all;
  for (const auto proto : {kTcp, kUdp})
    for (const int family : {AF_INET, AF_INET6}) {
      inet_diag_req_v2 body{};
      body.sdiag_family = static_cast<uint8_t>(family);
      body.sdiag_protocol = proto == kTcp ? IPPROTO_TCP : IPPROTO_UDP;
      body.idiag_states = ~0U;
      const auto add = [&](std::string_view message) {
        if (auto found = parse_inet(message, proto)) all.push_back(std::move(*found));
      };
      TRY(dump(request_of(body), proto == kTcp ? "TCP sockets" : "UDP sockets", add));
    }
  return all;
}

Result<std::vector<UnixSocket>> unix_sockets() {
  std::vector<UnixSocket> all;
  unix_diag_req body{};
  body.sdiag_family = AF_UNIX;
  body.udiag_states = ~0U;
  body.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS;
  TRY(dump(request_of(body), "unix sockets", [&](std::string_view message) {
    if (auto found = parse_unix(message)) all.push_back(std::move(*found));
  }));
  return all;
}

} // namespace jails::view
