/* Socket families and types beyond UNIX, INET, INET6 and route netlink. */
#include "probe.h"

#include <sys/socket.h>

struct kind {
  const char *name;
  int family, type, protocol;
};

int main(int argc, char **argv) {
  static const struct kind kinds[] = {
      {"AF_ALG", 38, SOCK_SEQPACKET, 0},
      {"AF_VSOCK", 40, SOCK_STREAM, 0},
      {"AF_PACKET", AF_PACKET, SOCK_RAW, 0x0300},
      {"AF_PACKET datagram", AF_PACKET, SOCK_DGRAM, 0x0300},
      {"AF_KEY", 15, SOCK_RAW, 2},
      {"AF_XDP", 44, SOCK_RAW, 0},
      {"AF_CAN", 29, SOCK_RAW, 1},
      {"AF_BLUETOOTH", 31, SOCK_RAW, 1},
      {"AF_NFC", 39, SOCK_SEQPACKET, 0},
      {"AF_TIPC", 30, SOCK_STREAM, 0},
      {"AF_RDS", 21, SOCK_SEQPACKET, 0},
      {"AF_SMC", 43, SOCK_STREAM, 0},
      {"AF_QIPCRTR", 42, SOCK_DGRAM, 0},
      {"AF_PPPOX", 24, SOCK_STREAM, 0},
      {"AF_LLC", 26, SOCK_STREAM, 0},
      {"netlink usersock", AF_NETLINK, SOCK_RAW, 2},
      {"netlink nflog", AF_NETLINK, SOCK_RAW, 5},
      {"netlink xfrm", AF_NETLINK, SOCK_RAW, 6},
      {"netlink connector", AF_NETLINK, SOCK_DGRAM, 11},
      {"netlink netfilter", AF_NETLINK, SOCK_RAW, 12},
      {"netlink uevent", AF_NETLINK, SOCK_RAW, 15},
      {"netlink generic", AF_NETLINK, SOCK_RAW, 16},
      {"raw IPv4", AF_INET, SOCK_RAW, 1},
      {"raw IPv4, own header", AF_INET, SOCK_RAW, 255},
      {"raw IPv6", AF_INET6, SOCK_RAW, 58},
      {"raw IPv4 with flags", AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 1},
  };

  probe_begin(argc, argv);
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    /* EPROTONOSUPPORT and the like: past the guard, into the family's own code. */
    const int fd = socket(kinds[i].family, kinds[i].type, kinds[i].protocol);

    refused(kinds[i].name, fd, EAFNOSUPPORT, EPERM);
    if (fd >= 0) close(fd);
  }
  refused("raw IPv4 with high bits", syscall(SYS_socket, 0xdead00000000UL | AF_INET, 0xdead00000000UL | SOCK_RAW, 1),
          EPERM, 0);
  refused("AF_ALG with high bits", syscall(SYS_socket, 0xdead00000000UL | 38, SOCK_SEQPACKET, 0), EAFNOSUPPORT, EPERM);
  return probe_end();
}
