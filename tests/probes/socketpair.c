/* socketpair of families that socket() refuses. */
#include "probe.h"

#include <sys/socket.h>

int main(int argc, char **argv) {
  int pair[2];

  probe_begin(argc, argv);
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) setup_failed("a pair of UNIX sockets");
  refused("socketpair AF_INET", socketpair(AF_INET, SOCK_STREAM, 0, pair), EAFNOSUPPORT, 0);
  refused("socketpair AF_TIPC", socketpair(30, SOCK_STREAM, 0, pair), EAFNOSUPPORT, 0);
  return probe_end();
}
