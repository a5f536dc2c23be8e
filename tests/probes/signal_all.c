/* kill(-1): the return value says nothing, so what counts is that a process of the jail gets the signal (here) and none
 * of the host's does (the canaries). SIGURG: nobody dies of it where the guard fails. */
#include "probe.h"

#include <signal.h>

static volatile sig_atomic_t got;

static void on_signal(int number) { got = number; }

int main(int argc, char **argv) {
  sigset_t urgent, old;
  int status;

  probe_begin(argc, argv);
  sigemptyset(&urgent);
  sigaddset(&urgent, SIGURG);
  sigprocmask(SIG_BLOCK, &urgent, &old);
  signal(SIGURG, on_signal);
  const pid_t child = fork();
  if (child == 0) {
    for (int tries = 0; tries < 1000 && got == 0; tries++) {
      sigprocmask(SIG_SETMASK, &old, NULL);
      usleep(10000);
    }
    _exit(got == SIGURG ? 0 : 1);
  }
  (void)kill(-1, SIGURG);
  if (child < 0 || waitpid(child, &status, 0) != child) setup_failed("child");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) setup_failed("kill(-1) did not reach a process of the jail");
  judge("a foreign process in reach of kill(-1)", false); /* the canaries tell */
  return probe_end();
}
