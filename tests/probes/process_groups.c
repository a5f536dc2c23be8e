/* The host's process groups and sessions: a signal to a group would pass by the signal scope. */
#include "probe.h"

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  const char *list = wanted("HOST_PIDS");
  for (int pid; (pid = next_pid(&list)) != 0;) {
    const int group = getpgid(pid) > 0 ? getpgid(pid) : pid;

    refused(numbered("setpgid into", group), setpgid(0, group), EPERM, ESRCH);
    judge(numbered("the session of", pid), getsid(0) == getsid(pid));
  }
  return probe_end();
}
