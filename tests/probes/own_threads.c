/* What a program does to threads and processes of its own jail by number: affinity, scheduling, priorities, pidfd_open.
 */
#include "probe.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

struct attributes {
  unsigned size, policy;
  unsigned long flags;
  int nice;
  unsigned priority;
  unsigned long runtime, deadline, period;
};

static volatile int thread_id;

static void *wait_for_ever(void *unused) {
  thread_id = (int)syscall(SYS_gettid);
  while (1) pause();
  return unused;
}

/* Said to be done is not enough: is the thread on one CPU now? */
static long on_one_cpu(int tid) {
  char path[64], line[256];
  unsigned long mask = 0;

  snprintf(path, sizeof path, "/proc/%d/status", tid);
  FILE *status = fopen(path, "re");
  while (status != NULL && fgets(line, sizeof line, status) != NULL)
    if (sscanf(line, "Cpus_allowed: %lx", &mask) == 1) break;
  if (status != NULL) fclose(status);
  if (mask == 1) return 0;
  errno = EPERM;
  return -1;
}

int main(int argc, char **argv) {
  pthread_t thread;

  probe_begin(argc, argv);
  if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0) setup_failed("thread");
  while (thread_id == 0) sched_yield();
  const pid_t child = fork();
  if (child < 0) setup_failed("fork");
  if (child == 0)
    while (1) pause();
  const pid_t zombie = fork();
  if (zombie == 0) _exit(0);
  siginfo_t info;
  if (zombie < 0 || waitid(P_PID, (id_t)zombie, &info, WEXITED | WNOWAIT) != 0) setup_failed("zombie");

  struct sched_param none = {0};
  struct attributes batch = {.size = sizeof batch, .policy = SCHED_BATCH, .nice = 5};
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  errno = pthread_setaffinity_np(thread, sizeof first, &first);
  refused("pthread_setaffinity_np", errno == 0 ? on_one_cpu(thread_id) : -1, EPERM, 0);
  const int targets[] = {thread_id, child};
  for (int i = 0; i < 2; i++) {
    const int pid = targets[i];

    refused(numbered("sched_setaffinity", pid), sched_setaffinity(pid, sizeof first, &first), EPERM, 0);
    refused(numbered("sched_setscheduler", pid), sched_setscheduler(pid, SCHED_BATCH, &none), EPERM, 0);
    refused(numbered("sched_setparam", pid), sched_setparam(pid, &none), EPERM, 0);
    refused(numbered("sched_setattr", pid), syscall(SYS_sched_setattr, pid, &batch, 0), EPERM, 0);
    refused(numbered("setpriority of", pid), setpriority(PRIO_PROCESS, (id_t)pid, 7), EPERM, EACCES);
    refused(numbered("ioprio_set of", pid), syscall(SYS_ioprio_set, 1, pid, 2 << 13 | 6), EPERM, 0);
    if (getpriority(PRIO_PROCESS, (id_t)pid) != 7) {
      errno = EPERM;
      refused(numbered("the priority of", pid), -1, EPERM, 0);
    }
  }
  const int fd = (int)syscall(SYS_pidfd_open, child, 0);
  refused("pidfd_open", fd, EPERM, 0);
  if (fd >= 0) {
    judge("signal through the pidfd", syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0);
    judge("the pidfd is closed on exec", fcntl(fd, F_GETFD) == FD_CLOEXEC);
  }
  refused("pidfd_open of a zombie", syscall(SYS_pidfd_open, zombie, 0), EPERM, 0);
  refused("pidfd_open of a thread", syscall(SYS_pidfd_open, thread_id, O_EXCL), EPERM, EINVAL);
  kill(child, SIGKILL);
  return probe_end();
}
