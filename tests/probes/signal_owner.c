/* SIGIO and its kin to processes of the host: F_SETOWN with F_SETSIG. Nothing is returned to the sender; the canaries
 * tell. */
#include "probe.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  const char *list = wanted("HOST_PIDS");
  for (int pid; (pid = next_pid(&list)) != 0;) {
    for (int group = 0; group < 2; group++) {
      int pair[2];
      const int owner = group ? -getpgid(pid) : pid;

      if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) setup_failed("socketpair");
      if (fcntl(pair[0], F_SETOWN, owner) != 0 || fcntl(pair[0], F_SETSIG, SIGUSR2) != 0 ||
          fcntl(pair[0], F_SETFL, O_ASYNC | O_NONBLOCK) != 0) {
        judge(numbered("F_SETOWN", owner), false);
      } else {
        if (write(pair[1], "x", 1) != 1) setup_failed("write");
        judge(numbered("SIGIO to", owner), probe_control);
      }
      close(pair[0]);
      close(pair[1]);
    }
  }
  return probe_end();
}
