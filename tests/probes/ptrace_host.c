/* Tracing processes of the host. */
#include "probe.h"

#include <sys/ptrace.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  const char *list = wanted("HOST_PIDS");
  for (int pid; (pid = next_pid(&list)) != 0;) {
    refused(numbered("PTRACE_SEIZE", pid), ptrace(PTRACE_SEIZE, pid, NULL, NULL), EPERM, 0);
    if (probe_control) /* two tracers at once are refused by nature */
      continue;
    refused(numbered("PTRACE_ATTACH", pid), ptrace(PTRACE_ATTACH, pid, NULL, NULL), EPERM, 0);
  }
  return probe_end();
}
