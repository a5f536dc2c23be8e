/* CLONE_PARENT makes children of the supervisor. */
#include "probe.h"

#include <sched.h>
#include <signal.h>

static void by_clone(const char *act, unsigned long flags) {
  const long pid = syscall(SYS_clone, flags, 0, 0, 0, 0);

  if (pid == 0) _exit(0); /* the parent's parent reaps it */
  refused(act, pid, EPERM, 0);
}

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  by_clone("clone parent", CLONE_PARENT | SIGCHLD);
  by_clone("clone parent, another signal at its end", CLONE_PARENT | SIGUSR1);
  if (!probe_control) by_clone("clone parent with high bits", CLONE_PARENT | SIGCHLD | 0xdead00000000UL);
  return probe_end();
}
