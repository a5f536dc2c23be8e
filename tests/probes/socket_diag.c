/* The list of the machine's sockets (ss): low has it. */
#include "probe.h"

#include <sys/socket.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("netlink sock_diag", socket(AF_NETLINK, SOCK_RAW, 4), EAFNOSUPPORT, 0);
  return probe_end();
}
