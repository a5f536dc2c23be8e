/* Limits of processes of the host. The kernel asks for the same uid only, which knows no jail. */
#include "probe.h"

#include <sys/resource.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  const char *list = wanted("HOST_PIDS");
  for (int pid; (pid = next_pid(&list)) != 0;) {
    struct rlimit limit = {77, 77};

    refused(numbered("prlimit(get)", pid), prlimit(pid, RLIMIT_NOFILE, NULL, &limit), EPERM, 0);
    limit.rlim_cur = limit.rlim_max = 77;
    refused(numbered("prlimit(set)", pid), prlimit(pid, RLIMIT_NOFILE, &limit, NULL), EPERM, 0);
    /* The pid is an int: garbage in the upper half of the register must not get round. */
    refused(numbered("prlimit(set, high bits)", pid),
            syscall(SYS_prlimit64, (unsigned long)(unsigned)pid | 0xdead00000000UL, RLIMIT_NOFILE, &limit, NULL), EPERM,
            0);
  }
  return probe_end();
}
