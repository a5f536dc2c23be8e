/* Execution domains other than the plain ones: low has them. */
#include "probe.h"

static long read_implies_exec(void *unused) {
  (void)unused;
  return syscall(SYS_personality, 0x0400000UL);
}

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("personality", in_child(read_implies_exec, NULL), EPERM, 0);
  return probe_end();
}
