/* A lease delays others' opens. */
#include "probe.h"

#include <fcntl.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("F_SETLEASE", fcntl(-1, 1024, F_RDLCK), EPERM, 0);
  refused("F_SETLEASE with high bits", syscall(SYS_fcntl, -1, 1024UL | 0xdead00000000UL, F_RDLCK), EPERM, 0);
  return probe_end();
}
