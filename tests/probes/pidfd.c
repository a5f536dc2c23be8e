/* A pidfd of a process of the host would tell of it and signal it. */
#include "probe.h"

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  const char *list = wanted("HOST_PIDS");
  for (int pid; (pid = next_pid(&list)) != 0;)
    refused(numbered("pidfd_open", pid), syscall(SYS_pidfd_open, pid, 0), EPERM, 0);
  return probe_end();
}
