/* A pidfd of a process of the host would tell of it and signal it. */
#include "probe.h"

#include <sys/ioctl.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  const char *list = wanted("HOST_PIDS");
  for (int pid; (pid = next_pid(&list)) != 0;) {
    const int fd = (int)syscall(SYS_pidfd_open, pid, 0);

    refused(numbered("pidfd_open", pid), fd, EPERM, 0);
    /* Where one is had (a permission), it must be good for nothing: the canary counts. */
    if (fd >= 0 && !probe_control && ioctl(fd, 0xff04 /* PIDFD_GET_NET_NAMESPACE, Linux 6.11 */, 0) >= 0)
      setup_failed("a namespace of %d is to be had", pid);
    if (fd >= 0 && !probe_control) syscall(SYS_pidfd_send_signal, fd, 10 /* SIGUSR1 */, NULL, 0);
  }
  return probe_end();
}
