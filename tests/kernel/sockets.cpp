#include "sockets.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <set>
#include <sys/socket.h>
#include <unistd.h>

namespace jails::test {

static constexpr int kUdpLite = 136, kMptcp = 262;

Kind tcp4() { return {"tcp4", AF_INET, SOCK_STREAM, IPPROTO_TCP}; }
Kind tcp6() { return {"tcp6", AF_INET6, SOCK_STREAM, IPPROTO_TCP}; }
Kind udp4() { return {"udp4", AF_INET, SOCK_DGRAM, IPPROTO_UDP}; }
Kind udp6() { return {"udp6", AF_INET6, SOCK_DGRAM, IPPROTO_UDP}; }

std::vector<Kind> kinds() {
  std::vector<Kind> all = {tcp4(), tcp6(), udp4(), udp6()};
  for (const Kind &kind :
       {Kind{"udplite4", AF_INET, SOCK_DGRAM, kUdpLite}, Kind{"udplite6", AF_INET6, SOCK_DGRAM, kUdpLite},
        Kind{"mptcp4", AF_INET, SOCK_STREAM, kMptcp}, Kind{"mptcp6", AF_INET6, SOCK_STREAM, kMptcp}}) {
    const int fd = open_socket(kind);
    if (fd >= 0)
      all.push_back(kind);
    else
      printf("this kernel has no %s\n", kind.name.c_str());
    if (fd >= 0) close(fd);
  }
  return all;
}

int open_socket(const Kind &kind) { return socket(kind.family, kind.type | SOCK_CLOEXEC, kind.protocol); }

static socklen_t address_of(const Kind &kind, const std::string &address, uint16_t port, sockaddr_storage &out) {
  memset(&out, 0, sizeof(out));
  out.ss_family = static_cast<sa_family_t>(kind.family);
  if (kind.family == AF_INET) {
    auto *in = reinterpret_cast<sockaddr_in *>(&out);
    in->sin_port = htons(port);
    if (!address.empty()) inet_pton(AF_INET, address.c_str(), &in->sin_addr);
    return sizeof(*in);
  }
  auto *in6 = reinterpret_cast<sockaddr_in6 *>(&out);
  in6->sin6_port = htons(port);
  if (!address.empty()) inet_pton(AF_INET6, address.c_str(), &in6->sin6_addr);
  return sizeof(*in6);
}

int bind_to(int fd, const Kind &kind, const std::string &address, uint16_t port) {
  sockaddr_storage to;
  const socklen_t size = address_of(kind, address, port, to);
  return bind(fd, reinterpret_cast<sockaddr *>(&to), size) == 0 ? 0 : errno;
}

int try_bind(const Kind &kind, const std::string &address, uint16_t port) {
  const int fd = open_socket(kind);
  if (fd < 0) return errno;
  const int result = bind_to(fd, kind, address, port);
  close(fd);
  return result;
}

int connect_to(int fd, const Kind &kind, const std::string &address, uint16_t port) {
  sockaddr_storage to;
  const socklen_t size = address_of(kind, address, port, to);
  return connect(fd, reinterpret_cast<sockaddr *>(&to), size) == 0 ? 0 : errno;
}

int send_from(int fd, const Kind &kind, const std::string &address, uint16_t port) {
  sockaddr_storage to;
  const socklen_t size = address_of(kind, address, port, to);
  return sendto(fd, "x", 1, 0, reinterpret_cast<sockaddr *>(&to), size) == 1 ? 0 : errno;
}

int try_send(const Kind &kind, const std::string &address, uint16_t port, Send how) {
  const int fd = open_socket(kind);
  if (fd < 0) return errno;
  int error = 0;
  if (how == Send::To)
    error = send_from(fd, kind, address, port);
  else if (error = connect_to(fd, kind, address, port); error == 0)
    error = send(fd, "x", 1, 0) == 1 ? 0 : errno;
  close(fd);
  return error;
}

std::string text_of(const sockaddr_storage &at) {
  char text[INET6_ADDRSTRLEN] = "";
  if (at.ss_family == AF_INET)
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in *>(&at)->sin_addr, text, sizeof(text));
  else
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6 *>(&at)->sin6_addr, text, sizeof(text));
  return text;
}

std::string address_of(int fd) {
  sockaddr_storage at{};
  socklen_t size = sizeof(at);
  return getsockname(fd, reinterpret_cast<sockaddr *>(&at), &size) == 0 ? text_of(at) : "";
}

uint16_t port_of(int fd) {
  sockaddr_storage at{};
  socklen_t size = sizeof(at);
  if (getsockname(fd, reinterpret_cast<sockaddr *>(&at), &size) != 0) return 0;
  return ntohs(at.ss_family == AF_INET ? reinterpret_cast<sockaddr_in *>(&at)->sin_port
                                       : reinterpret_cast<sockaddr_in6 *>(&at)->sin6_port);
}

static bool pad(int fd, const Kind &kind) {
  if (kind.family == AF_INET) {
    constexpr unsigned char kNops[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0};
    return setsockopt(fd, IPPROTO_IP, IP_OPTIONS, kNops, sizeof(kNops)) == 0;
  }
  // Next header (filled in), length in units of eight after the first, a PadN of 4: longer than 7 bytes of padding in
  // all is dropped by ip6_parse_tlv().
  constexpr unsigned char kPad[8] = {0, 0, 1, 4};
  return setsockopt(fd, IPPROTO_IPV6, IPV6_DSTOPTS, kPad, sizeof(kPad)) == 0 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_HOPOPTS, kPad, sizeof(kPad)) == 0;
}

int try_connect(const Kind &kind, const std::string &address, uint16_t port, int ms, Headers headers) {
  const int fd = open_socket(kind);
  if (fd < 0) return errno;
  if (headers == Headers::Padded && !pad(fd, kind)) {
    const int error = errno;
    close(fd);
    return error;
  }
  fcntl(fd, F_SETFL, O_NONBLOCK);
  sockaddr_storage to;
  const socklen_t size = address_of(kind, address, port, to);
  int result = 0;
  if (connect(fd, reinterpret_cast<sockaddr *>(&to), size) != 0) {
    result = errno;
    pollfd wait{.fd = fd, .events = POLLOUT, .revents = 0};
    if (result == EINPROGRESS) {
      if (poll(&wait, 1, ms) == 1) {
        socklen_t length = sizeof(result);
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &length);
      } else {
        result = ETIMEDOUT;
      }
    }
  }
  close(fd);
  return result;
}

static std::set<uint16_t> given;
const std::set<uint16_t> &ports_handed_out() { return given; }

static uint16_t free_port_in(unsigned first, unsigned last) {
  for (unsigned port = first + static_cast<unsigned>(getpid()) % 4000; port < last; port++) {
    bool free = !given.contains(static_cast<uint16_t>(port));
    for (const Kind &kind : {tcp4(), tcp6(), udp4(), udp6()})
      free = free && try_bind(kind, "", static_cast<uint16_t>(port)) == 0;
    if (free) return *given.insert(static_cast<uint16_t>(port)).first;
  }
  return 0;
}

// Below the ephemeral range, so that no connection of the machine takes it meanwhile.
uint16_t free_port() { return free_port_in(20000, 32000); }
uint16_t free_ephemeral_port() { return free_port_in(40000, 60000); }

} // namespace jails::test
