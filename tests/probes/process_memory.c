/* Memory of others by pid and by pidfd. */
#include "probe.h"

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("process_madvise", syscall(SYS_process_madvise, -1, BAD_POINTER, 1, 0, 0), EPERM, 0);
  refused("process_mrelease", syscall(SYS_process_mrelease, -1, 0), EPERM, 0);
  refused("move_pages", syscall(SYS_move_pages, 0, 1, BAD_POINTER, BAD_POINTER, BAD_POINTER, 0), EPERM, ENOSYS);
  refused("migrate_pages", syscall(SYS_migrate_pages, 0, 64, BAD_POINTER, BAD_POINTER), EPERM, ENOSYS);
  return probe_end();
}
