/* Reading the scheduling of processes of the host: told in low and medium, refused in high. */
#include "probe.h"

#include <sched.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  const char *list = wanted("HOST_PIDS");
  for (int pid; (pid = next_pid(&list)) != 0;) {
    struct sched_param param;
    cpu_set_t cpus;

    refused(numbered("sched_getscheduler", pid), sched_getscheduler(pid), EPERM, 0);
    refused(numbered("sched_getparam", pid), sched_getparam(pid, &param), EPERM, 0);
    refused(numbered("sched_getaffinity", pid), sched_getaffinity(pid, sizeof cpus, &cpus), ENOSYS, 0);
  }
  return probe_end();
}
