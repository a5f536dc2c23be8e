/* Execution domains other than the plain ones: low has them. */
#include "probe.h"

static long read_implies_exec(void *unused) {
  (void)unused;
  return syscall(SYS_personality, 0x0400000UL);
}
static long modify_ldt(void *unused) {
  (void)unused;
  return syscall(SYS_modify_ldt, 0, BAD_POINTER, 0UL);
}

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("personality", in_child(read_implies_exec, NULL), EPERM, 0);
  refused("modify_ldt", in_child(modify_ldt, NULL), EPERM, 0);
  return probe_end();
}
