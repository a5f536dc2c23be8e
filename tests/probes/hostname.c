/* The host's name, and the jail's: its supervisor sets it. */
#include "probe.h"

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("sethostname", syscall(SYS_sethostname, BAD_POINTER, 1), EPERM, 0);
  refused("setdomainname", syscall(SYS_setdomainname, BAD_POINTER, 1), EPERM, 0);
  return probe_end();
}
