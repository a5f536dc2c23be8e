// Sockets as the tests need them: each call answers with 0 or an errno.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace jails::test {

struct Kind {
  std::string name; // "tcp6"
  int family, type, protocol;
};
// TCP, UDP, UDP-Lite and MPTCP by both families, as far as this kernel has them.
std::vector<Kind> kinds();
Kind tcp4();
Kind tcp6();
Kind udp4();
Kind udp6();

int open_socket(const Kind &kind);
// address: "" the wildcard.
int bind_to(int fd, const Kind &kind, const std::string &address, uint16_t port); // 0 or errno
int try_bind(const Kind &kind, const std::string &address, uint16_t port);        // on a new socket
uint16_t port_of(int fd);
// Connects to a TCP port, waiting at most `ms`: 0, errno, or ETIMEDOUT. Padded: with IPv4 options, or an IPv6
// destination options header, before the TCP header.
enum class Headers { Plain, Padded };
int try_connect(const Kind &kind, const std::string &address, uint16_t port, int ms, Headers headers = Headers::Plain);

// Sends one datagram: by sendto(2), or by connect(2) and send(2). 0 or errno.
enum class Send { To, Connected };
int try_send(const Kind &kind, const std::string &address, uint16_t port, Send how);
int send_from(int fd, const Kind &kind, const std::string &address, uint16_t port);  // sendto(2)
int connect_to(int fd, const Kind &kind, const std::string &address, uint16_t port); // 0 or errno
std::string text_of(const sockaddr_storage &at);
std::string address_of(int fd); // getsockname(2)

// A port that is free on the host for TCP and UDP and both families, and not reserved.
uint16_t free_port();
// The same among those the kernel picks from (ip_local_port_range; its default begins at 32768).
uint16_t free_ephemeral_port();
const std::set<uint16_t> &ports_handed_out(); // by the two above

} // namespace jails::test
