/* No namespace can be made or entered. */
#include "probe.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

struct kind {
  const char *name;
  unsigned long flag;
  const char *file;
};

static long by_unshare(void *flag) { return syscall(SYS_unshare, *(unsigned long *)flag); }
static long by_unshare_high(void *flag) { return syscall(SYS_unshare, *(unsigned long *)flag | 0xdead00000000UL); }
static long by_clone(void *flag) {
  int status;
  const long pid = syscall(SYS_clone, *(unsigned long *)flag | SIGCHLD, 0, 0, 0, 0);

  if (pid == 0) _exit(0);
  if (pid > 0) waitpid((pid_t)pid, &status, 0);
  return pid;
}
static long by_setns(void *file) {
  const int fd = open(file, O_RDONLY);

  if (fd < 0) {
    errno = ENODEV; /* no errno that counts as refused */
    return -1;
  }
  return syscall(SYS_setns, fd, 0);
}

int main(int argc, char **argv) {
  static struct kind kinds[] = {
      {"mnt", CLONE_NEWNS, "/proc/self/ns/mnt"},    {"uts", CLONE_NEWUTS, "/proc/self/ns/uts"},
      {"ipc", CLONE_NEWIPC, "/proc/self/ns/ipc"},   {"net", CLONE_NEWNET, "/proc/self/ns/net"},
      {"pid", CLONE_NEWPID, "/proc/self/ns/pid"},   {"cgroup", CLONE_NEWCGROUP, "/proc/self/ns/cgroup"},
      {"user", CLONE_NEWUSER, "/proc/self/ns/user"}};
  unsigned long time_flag = CLONE_NEWTIME;
  char act[64];

  probe_begin(argc, argv);
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    snprintf(act, sizeof act, "unshare %s", kinds[i].name);
    refused(act, in_child(by_unshare, &kinds[i].flag), EPERM, 0);
    snprintf(act, sizeof act, "clone %s", kinds[i].name);
    refused(act, in_child(by_clone, &kinds[i].flag), EPERM, 0);
    if (kinds[i].flag == CLONE_NEWUSER) /* one's own cannot be entered anyway: EINVAL */
      continue;
    snprintf(act, sizeof act, "setns %s", kinds[i].name);
    refused(act, in_child(by_setns, (void *)kinds[i].file), EPERM, 0);
  }
  refused("unshare time", in_child(by_unshare, &time_flag), EPERM, 0);
  if (!probe_control) /* here the kernel refuses flags that it does not know */
    refused("unshare user with high bits", in_child(by_unshare_high, &kinds[6].flag), EPERM, 0);
  return probe_end();
}
