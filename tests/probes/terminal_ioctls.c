/* Typing into a terminal (CVE-2017-5226), also with garbage in the upper half of the request (CVE-2019-10063), and
 * ioctls that act on consoles and file systems. Descriptor -1: EBADF where nothing refuses. */
#include "probe.h"

#define REQUEST(name, number) {name, number}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    unsigned long number;
  } requests[] = {REQUEST("TIOCSTI", 0x5412),      REQUEST("TIOCLINUX", 0x541c),
                  REQUEST("TIOCCONS", 0x541d),     REQUEST("TIOCSETD", 0x5423),
                  REQUEST("FIFREEZE", 0xc0045877), REQUEST("FITHAW", 0xc0045878),
                  REQUEST("FITRIM", 0xc0185879),   REQUEST("FS_IOC_FSSETXATTR", 0x401c5820)};

  probe_begin(argc, argv);
  for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
    char act[64];

    refused(requests[i].name, syscall(SYS_ioctl, -1, requests[i].number, NULL), EPERM, 0);
    snprintf(act, sizeof act, "%s with high bits", requests[i].name);
    refused(act, syscall(SYS_ioctl, -1, requests[i].number | 0xdeadbeef00000000UL, NULL), EPERM, 0);
  }
  return probe_end();
}
