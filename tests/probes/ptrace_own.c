/* Tracing a process of the same jail: a debugger's work in low and medium. */
#include "probe.h"

#include <signal.h>
#include <sys/ptrace.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  const pid_t child = fork();
  if (child < 0) setup_failed("fork");
  if (child == 0) {
    pause();
    _exit(0);
  }
  refused("PTRACE_SEIZE of a child", ptrace(PTRACE_SEIZE, child, NULL, NULL), EPERM, 0);
  kill(child, SIGKILL);
  return probe_end();
}
