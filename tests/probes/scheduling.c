/* Scheduling of processes of the host: affinity, policy, nice value, I/O priority. */
#include "probe.h"

#include <sched.h>
#include <sys/resource.h>

struct attributes {
  unsigned size, policy;
  unsigned long flags;
  int nice;
  unsigned priority;
  unsigned long runtime, deadline, period;
};

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  const char *list = wanted("HOST_PIDS");
  for (int pid; (pid = next_pid(&list)) != 0;) {
    struct sched_param none = {0};
    struct attributes batch = {.size = sizeof batch, .policy = SCHED_BATCH, .nice = 5};
    unsigned long first = 1;

    refused(numbered("sched_setaffinity", pid), syscall(SYS_sched_setaffinity, pid, sizeof first, &first), EPERM, 0);
    refused(numbered("sched_setscheduler", pid), sched_setscheduler(pid, SCHED_BATCH, &none), EPERM, 0);
    refused(numbered("sched_setparam", pid), sched_setparam(pid, &none), EPERM, 0);
    refused(numbered("sched_setattr", pid), syscall(SYS_sched_setattr, pid, &batch, 0), EPERM, 0);
    refused(numbered("setpriority of", pid), setpriority(PRIO_PROCESS, (id_t)pid, 7), EPERM, EACCES);
    refused(numbered("setpriority of the group of", pid), setpriority(PRIO_PGRP, (id_t)getpgid(pid), 7), EPERM, EACCES);
    refused(numbered("ioprio_set of", pid), syscall(SYS_ioprio_set, 1, pid, 3 << 13), EPERM, 0);
    refused(numbered("ioprio_set of the group of", pid), syscall(SYS_ioprio_set, 2, getpgid(pid), 3 << 13), EPERM, 0);
  }
  if (!probe_control) { /* everybody of the uid: not to be tried on a host */
    refused("setpriority of the user", setpriority(PRIO_USER, getuid(), 7), EPERM, EACCES);
    refused("ioprio_set of the user", syscall(SYS_ioprio_set, 3, getuid(), 3 << 13), EPERM, 0);
  }
  return probe_end();
}
