/* Within one's own jail, too, nobody raises a priority, takes a real-time policy, or acts on a process of another user
 * or on the anchor ($ANCHOR). */
#include "probe.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  const int anchor = atoi(wanted("ANCHOR"));
  const pid_t child = fork();
  if (child < 0) setup_failed("fork");
  if (child == 0)
    while (1) pause();
  struct sched_param one = {1}, none = {0};
  unsigned long first = 1;

  refused("a better priority", setpriority(PRIO_PROCESS, (id_t)child, -5), EPERM, EACCES);
  refused("SCHED_FIFO", sched_setscheduler(child, SCHED_FIFO, &one), EPERM, 0);
  refused("real-time I/O", syscall(SYS_ioprio_set, 1, child, 1 << 13), EPERM, 0);
  refused("priority of the anchor", setpriority(PRIO_PROCESS, (id_t)anchor, 5), EPERM, EACCES);
  refused("policy of the anchor", sched_setscheduler(anchor, SCHED_BATCH, &none), EPERM, 0);
  refused("affinity of the anchor", syscall(SYS_sched_setaffinity, anchor, sizeof first, &first), EPERM, 0);
  if (getuid() == 0 && !probe_control) {
    /* A child that is another user's: root has no capability for it in any profile. */
    const pid_t other = fork();

    if (other == 0) {
      if (setresuid(1000, 1000, 1000) != 0) _exit(1);
      while (1) pause();
    }
    usleep(100000);
    refused("priority of another user", setpriority(PRIO_PROCESS, (id_t)other, 5), EPERM, EACCES);
    refused("affinity of another user", syscall(SYS_sched_setaffinity, other, sizeof first, &first), EPERM, 0);
    kill(other, SIGKILL);
  }
  kill(child, SIGKILL);
  return probe_end();
}
