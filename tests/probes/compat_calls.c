/* Other ways into the kernel: the 32-bit entry and the x32 numbers. A filter that looks at one table must refuse the
 * rest. */
#include "probe.h"

static long int80(long number, long a, long b, long c) {
  long rc;

  __asm__ volatile("int $0x80" : "=a"(rc) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
  if (rc < 0 && rc > -4096) {
    errno = (int)-rc;
    return -1;
  }
  return rc;
}

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("getpid by int 0x80", int80(20, 0, 0, 0), ENOSYS, 0);
  refused("mount by int 0x80", int80(21, 1, 1, 1), ENOSYS, 0);
  refused("getpid as x32", syscall(0x40000000L | SYS_getpid), ENOSYS, 0);
  refused("ptrace as x32", syscall(0x40000000L | 521, 0x4206, 0, 0, 0), ENOSYS, 0);
  return probe_end();
}
