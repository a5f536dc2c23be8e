/* The host's clock cannot be set. adjtimex asks for what is set already, so that nothing changes where it succeeds. */
#include "probe.h"

#include <sys/timex.h>

int main(int argc, char **argv) {
  struct timex now = {.modes = 0};

  probe_begin(argc, argv);
  refused("settimeofday", syscall(SYS_settimeofday, BAD_POINTER, NULL), EPERM, 0);
  refused("clock_settime", syscall(SYS_clock_settime, 0, BAD_POINTER), EPERM, 0);
  const bool readable = syscall(SYS_adjtimex, &now) != -1; /* high refuses the whole call */
  now.modes = ADJ_TICK;
  if (!readable) now.tick = 10000;
  refused("adjtimex", syscall(SYS_adjtimex, &now), EPERM, 0);
  now.modes = ADJ_TICK;
  refused("clock_adjtime", syscall(SYS_clock_adjtime, 0, &now), EPERM, 0);
  return probe_end();
}
