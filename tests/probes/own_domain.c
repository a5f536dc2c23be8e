/* A program that puts itself into a Landlock domain of its own, and is refused something by it: a signal to its parent.
 * OUTSIDE, or that. Not a border: it has to work, and what comes of it in the host's audit log is the test's. */
#include "probe.h"

#include <linux/landlock.h>
#include <signal.h>
#include <sys/prctl.h>

int main(int argc, char **argv) {
  struct {
    unsigned long long fs, net, scoped;
  } attr = {.scoped = 2}; /* LANDLOCK_SCOPE_SIGNAL, newer than the header of Debian 12 */

  probe_begin(argc, argv);
  const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
  if (ruleset < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
    setup_failed("landlock");
  if (kill(getppid(), 0) == 0) setup_failed("it is not refused");
  puts("refused");
  return 0;
}
