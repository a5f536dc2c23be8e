/* Rarely used calls that high does without. */
#include "probe.h"

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("memfd_secret", syscall(SYS_memfd_secret, 0x40000000), EPERM, ENOSYS);
  refused("remap_file_pages", syscall(SYS_remap_file_pages, 1, 0, 1, 0, 0), EPERM, 0);
  refused("vmsplice", syscall(SYS_vmsplice, -1, BAD_POINTER, 1, 0), EPERM, 0);
  refused("kcmp", syscall(SYS_kcmp, -1, -1, 99, 0, 0), EPERM, ENOSYS);
  refused("pidfd_getfd", syscall(SYS_pidfd_getfd, -1, 0, 0), EPERM, 0);
  return probe_end();
}
