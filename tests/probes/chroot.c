/* chroot(2): low's root may, as on NetBSD. */
#include "probe.h"

static long to_root(void *unused) {
  (void)unused;
  return chroot("/");
}

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("chroot", in_child(to_root, NULL), EPERM, 0);
  return probe_end();
}
