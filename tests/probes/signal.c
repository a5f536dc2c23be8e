/* Signals to processes of the host, by every call that sends one. HOST_PIDS: the targets. */
#include "probe.h"

#include <signal.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  const char *list = wanted("HOST_PIDS");
  for (int pid; (pid = next_pid(&list)) != 0;) {
    siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE, .si_pid = getpid(), .si_uid = getuid()};

    refused(numbered("kill", pid), kill(pid, SIGUSR1), EPERM, 0);
    refused(numbered("tkill", pid), syscall(SYS_tkill, pid, SIGUSR1), EPERM, 0);
    refused(numbered("tgkill", pid), syscall(SYS_tgkill, pid, pid, SIGUSR1), EPERM, 0);
    refused(numbered("rt_sigqueueinfo", pid), syscall(SYS_rt_sigqueueinfo, pid, SIGUSR1, &info), EPERM, 0);
    refused(numbered("rt_tgsigqueueinfo", pid), syscall(SYS_rt_tgsigqueueinfo, pid, pid, SIGUSR1, &info), EPERM, 0);
    refused(numbered("kill of the group of", pid), kill(-getpgid(pid), SIGUSR1), EPERM, ESRCH);
  }
  return probe_end();
}
