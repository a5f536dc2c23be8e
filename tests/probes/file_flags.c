/* chattr(1): low has it. */
#include "probe.h"

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("FS_IOC_SETFLAGS", syscall(SYS_ioctl, -1, 0x40086602UL, NULL), EPERM, 0);
  return probe_end();
}
