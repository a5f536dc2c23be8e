/* The host's own services by every call that makes a connection or sends a datagram, and every name of the host.
 * $HOST_PORT: a TCP and UDP port of the canary. $HOST_OWN: an address of the host that is not loopback, if it has one.
 */
#include "probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#define MPTCP 262

static in_port_t port;

union address {
  struct sockaddr any;
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
};

static socklen_t name(const char *text, union address *to) {
  memset(to, 0, sizeof *to);
  if (inet_pton(AF_INET, text, &to->in.sin_addr) == 1) {
    to->in.sin_family = AF_INET;
    to->in.sin_port = port;
    return sizeof to->in;
  }
  if (inet_pton(AF_INET6, text, &to->in6.sin6_addr) != 1) setup_failed("address %s", text);
  to->in6.sin6_family = AF_INET6;
  to->in6.sin6_port = port;
  return sizeof to->in6;
}

static const char *act(const char *how, const char *address) {
  static char text[128];

  snprintf(text, sizeof text, "%s %s", how, address);
  return text;
}

/* A dropped SYN is answered by nobody: EINPROGRESS when the patience is over. */
static int open_socket(const union address *to, int type, int protocol) {
  const struct timeval patience = {.tv_usec = 400000};
  const int fd = socket(to->any.sa_family, type | SOCK_CLOEXEC, protocol);

  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return fd;
}

static void try_connect(const char *how, const char *address, int type, int protocol) {
  union address to;
  const socklen_t size = name(address, &to);
  const int fd = open_socket(&to, type, protocol);

  if (fd < 0 && protocol == MPTCP) return; /* a kernel without it */
  if (fd < 0) setup_failed("socket for %s", how);
  long rc = connect(fd, &to.any, size);
  if (rc == 0 && type == SOCK_DGRAM) rc = send(fd, "x", 1, 0) == 1 ? 0 : -1;
  refused(act(how, address), rc, EPERM, EINPROGRESS);
  close(fd);
}

static void try_sendto(const char *how, const char *address, int type, int flags) {
  union address to;
  const socklen_t size = name(address, &to);
  const int fd = open_socket(&to, type, 0);

  if (fd < 0) setup_failed("socket for %s", how);
  refused(act(how, address), sendto(fd, "x", 1, flags, &to.any, size) == 1 ? 0 : -1, EPERM, EINPROGRESS);
  close(fd);
}

static void try_sendmsg(const char *address) {
  union address to;
  const socklen_t size = name(address, &to);
  const int fd = open_socket(&to, SOCK_DGRAM, 0);
  struct iovec data = {.iov_base = (void *)"x", .iov_len = 1};
  struct mmsghdr message = {.msg_hdr = {.msg_name = &to, .msg_namelen = size, .msg_iov = &data, .msg_iovlen = 1}};

  refused(act("sendmsg", address), sendmsg(fd, &message.msg_hdr, 0) == 1 ? 0 : -1, EPERM, 0);
  refused(act("sendmmsg", address), sendmmsg(fd, &message, 1, 0) == 1 ? 0 : -1, EPERM, 0);
  close(fd);
}

static void try_all(const char *address) {
  try_connect("TCP connect", address, SOCK_STREAM, 0);
  try_connect("MPTCP connect", address, SOCK_STREAM, MPTCP);
  try_sendto("TCP fast open", address, SOCK_STREAM, MSG_FASTOPEN);
  try_connect("UDP connect", address, SOCK_DGRAM, 0);
  try_sendto("UDP sendto", address, SOCK_DGRAM, 0);
  try_sendmsg(address);
}

int main(int argc, char **argv) {
  static const char *const names[] = {"127.0.0.1", "127.9.8.7",        "0.0.0.0",       "::1",
                                      "::",        "::ffff:127.0.0.1", "::ffff:0.0.0.0"};
  const char *own = getenv("HOST_OWN");

  probe_begin(argc, argv);
  port = htons((in_port_t)atoi(wanted("HOST_PORT")));
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) try_all(names[i]);
  if (own != NULL && *own != 0) {
    char mapped[64];

    snprintf(mapped, sizeof mapped, "::ffff:%s", own);
    try_all(own);
    try_all(mapped);
  }
  return probe_end();
}
