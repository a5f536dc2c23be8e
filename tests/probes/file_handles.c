/* A file handle opens files outside the root. */
#include "probe.h"

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("open_by_handle_at", syscall(SYS_open_by_handle_at, -1, BAD_POINTER, 0), EPERM, 0);
  return probe_end();
}
