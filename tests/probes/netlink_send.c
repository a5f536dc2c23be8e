/* Messages to other processes by netlink, with which udev and others would be told of events that did not happen: to a
 * port, and to a group. NETLINK: the protocol. */
#include "probe.h"

#include <linux/netlink.h>
#include <sys/socket.h>

static long send_to(int fd, unsigned port, unsigned groups) {
  struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_pid = port, .nl_groups = groups};
  struct nlmsghdr empty = {.nlmsg_len = sizeof empty, .nlmsg_type = NLMSG_NOOP};

  return sendto(fd, &empty, sizeof empty, 0, (struct sockaddr *)&to, sizeof to);
}

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  const int fd = socket(AF_NETLINK, SOCK_RAW, atoi(wanted("NETLINK")));
  if (fd < 0) setup_failed("netlink socket");
  refused("to a port", send_to(fd, 0x7fffffff, 0), EPERM, 0);   /* nobody's: ECONNREFUSED */
  refused("to a group", send_to(fd, 0, 0x80000000U), EPERM, 0); /* nobody is in it: ESRCH, or sent */
  return probe_end();
}
