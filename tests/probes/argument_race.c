/* Calls that the supervisor makes in the caller's name, while a thread rewrites what their arguments point to ($RACES
 * times, 2000 if it is not set). Whatever it reads, the child gets no real-time policy and no better priority. What
 * processes of the host got is looked at by who runs this. */
#include "probe.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

static volatile struct {
  unsigned size, policy;
  unsigned long flags;
  int nice;
  unsigned priority;
  unsigned long runtime, deadline, period;
  char more[4096];
} attributes;
static volatile unsigned long mask = 1;
static volatile struct sched_param parameter;

static void *rewrite(void *unused) {
  static const unsigned sizes[] = {48, 0, 56, 47, 4096, 0xffffffff};
  static const unsigned policies[] = {SCHED_BATCH, SCHED_FIFO, SCHED_OTHER, SCHED_RR, 6, 0xffffffff};

  for (unsigned i = 0;; i++) {
    attributes.size = sizes[i % 6];
    attributes.policy = policies[i / 2 % 6];
    attributes.nice = i & 1 ? 5 : -20;
    attributes.priority = i & 4 ? 50 : 0;
    parameter.sched_priority = i & 1 ? 50 : 0;
    mask = i & 1 ? 1 : ~0UL;
  }
  return unused;
}

/* Nice value and policy, fields 19 and 41 of proc_pid_stat(5). */
static bool raised(int pid) {
  char path[64], text[1024];
  long nice = 0;
  unsigned policy = 0;

  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *stat = fopen(path, "re");
  if (stat == NULL || fgets(text, sizeof text, stat) == NULL) setup_failed("%s", path);
  fclose(stat);
  char *field = strrchr(text, ')') + 2; /* the third */
  for (int i = 3; field != NULL && i <= 41; i++) {
    if (i == 19) nice = strtol(field, NULL, 10);
    if (i == 41) policy = (unsigned)strtoul(field, NULL, 10);
    field = strchr(field, ' ');
    if (field != NULL) field++;
  }
  return nice < 0 || (policy != SCHED_OTHER && policy != SCHED_BATCH && policy != SCHED_IDLE);
}

int main(int argc, char **argv) {
  pthread_t thread;
  const char *races = getenv("RACES");
  const long count = races == NULL ? 2000 : strtol(races, NULL, 10);

  probe_begin(argc, argv);
  const char *list = wanted("HOST_PIDS");
  const int outsider = next_pid(&list);
  const pid_t child = fork();
  if (child < 0) setup_failed("fork");
  if (child == 0)
    while (1) pause();
  if (pthread_create(&thread, NULL, rewrite, NULL) != 0) setup_failed("thread");
  bool past = false, reached = false;
  for (long i = 0; i < count && !past; i++) {
    const int target = i % 8 == 7 ? outsider : child;
    long rc;

    switch (i % 3) {
    case 0: rc = syscall(SYS_sched_setattr, target, &attributes, 0); break;
    case 1: rc = syscall(SYS_sched_setaffinity, target, sizeof mask, &mask); break;
    default: rc = syscall(SYS_sched_setscheduler, target, SCHED_RR, &parameter); break;
    }
    reached |= target == outsider && rc == 0;
    if (i % 16 == 0) past = raised(child);
  }
  judge("a process of the host", reached);
  judge("a better priority by a race", past || raised(child));
  kill(child, SIGKILL);
  return probe_end();
}
