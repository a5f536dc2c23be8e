/* A user namespace of one's own. */
#include "probe.h"

#include <sched.h>

static long by_unshare(void *unused) {
  (void)unused;
  return unshare(CLONE_NEWUSER);
}

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("unshare user", in_child(by_unshare, NULL), EPERM, 0);
  return probe_end();
}
