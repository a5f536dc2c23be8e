/* The old mount calls. */
#include "probe.h"

#include <sys/mount.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("mount tmpfs", mount("none", "/tmp", "tmpfs", 0, NULL), EPERM, 0);
  refused("mount proc", mount("proc", "/proc", "proc", 0, NULL), EPERM, 0);
  refused("bind mount", mount("/", "/tmp", NULL, MS_BIND, NULL), EPERM, 0);
  refused("remount", mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_BIND, NULL), EPERM, 0);
  refused("mount propagation", mount(NULL, "/", NULL, MS_PRIVATE, NULL), EPERM, 0);
  refused("umount", umount2("/proc", MNT_DETACH), EPERM, 0);
  refused("pivot_root", syscall(SYS_pivot_root, BAD_POINTER, BAD_POINTER), EPERM, 0);
  return probe_end();
}
