/* Device nodes. In the working directory, which the control runs in too. */
#include "probe.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  if (!probe_control && chdir("/tmp") != 0) setup_failed("/tmp");
  refused("mknod c 1 3", mknod("null", S_IFCHR | 0600, makedev(1, 3)), EPERM, EACCES);
  refused("mknod b 7 0", mknod("loop", S_IFBLK | 0600, makedev(7, 0)), EPERM, EACCES);
  refused("mknod c 0 0", mknod("whiteout", S_IFCHR | 0600, makedev(0, 0)), EPERM, EACCES);
  refused("mknodat c 1 1", mknodat(AT_FDCWD, "mem", S_IFCHR | 0600, makedev(1, 1)), EPERM, EACCES);
  /* The mode is 16 bits in a register of 64. */
  refused("mknod with high bits",
          syscall(SYS_mknod, "high", (unsigned long)(S_IFCHR | 0600) | 0xdead00000000UL, makedev(1, 3)), EPERM, EACCES);
  unlink("null");
  unlink("loop");
  unlink("whiteout");
  unlink("mem");
  unlink("high");
  return probe_end();
}
