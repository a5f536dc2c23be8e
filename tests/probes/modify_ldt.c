/* modify_ldt(2): low has it. */
#include "probe.h"

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("modify_ldt", syscall(SYS_modify_ldt, 0, BAD_POINTER, 0UL), EPERM, 0);
  return probe_end();
}
