// Makes a process of its own jail stand still: hold_anchor stop|trace|seize PID. Says "held" and stays, until it is
// killed. Exit status 1: the kernel refused, errno's name on standard error. "seize" traces without stopping it: the
// control.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const pid_t pid = (pid_t)atol(argv[2]);
  long rc = -1;
  if (strcmp(argv[1], "stop") == 0) rc = kill(pid, SIGSTOP);
  if (strcmp(argv[1], "trace") == 0) rc = ptrace(PTRACE_ATTACH, pid, NULL, NULL);
  if (strcmp(argv[1], "seize") == 0) rc = ptrace(PTRACE_SEIZE, pid, NULL, NULL);
  if (rc != 0) {
    fprintf(stderr, "%s\n", strerrorname_np(errno));
    return 1;
  }
  if (strcmp(argv[1], "trace") == 0) waitpid(pid, NULL, __WALL);
  puts("held");
  fflush(stdout);
  while (1) pause();
}
