/* Reading how the clock is kept: low and medium have it. */
#include "probe.h"

#include <sys/timex.h>

int main(int argc, char **argv) {
  struct timex now = {.modes = 0};

  probe_begin(argc, argv);
  refused("adjtimex for reading", syscall(SYS_adjtimex, &now), EPERM, 0);
  return probe_end();
}
