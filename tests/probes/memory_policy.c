/* NUMA policies: low has them. */
#include "probe.h"

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("mbind", syscall(SYS_mbind, BAD_POINTER, 4096, 99, NULL, 0, 0), EPERM, ENOSYS);
  refused("set_mempolicy", syscall(SYS_set_mempolicy, 99, NULL, 0), EPERM, ENOSYS);
  return probe_end();
}
