/* The new mount calls, of which Landlock covers only a part. */
#include "probe.h"

#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467 /* Linux 6.15 */
#endif

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("fsopen", syscall(SYS_fsopen, BAD_POINTER, 0), ENOSYS, EPERM);
  refused("fsconfig", syscall(SYS_fsconfig, -1, 0, NULL, NULL, 0), ENOSYS, EPERM);
  refused("fsmount", syscall(SYS_fsmount, -1, 0, 0), ENOSYS, EPERM);
  refused("fspick", syscall(SYS_fspick, -1, BAD_POINTER, 0), ENOSYS, EPERM);
  refused("open_tree", syscall(SYS_open_tree, -1, BAD_POINTER, 1 /* OPEN_TREE_CLONE */), ENOSYS, EPERM);
  refused("open_tree without a clone", syscall(SYS_open_tree, -1, BAD_POINTER, 0), ENOSYS, EPERM);
  refused("move_mount", syscall(SYS_move_mount, -1, BAD_POINTER, -1, BAD_POINTER, 0), ENOSYS, EPERM);
  refused("mount_setattr", syscall(SYS_mount_setattr, -1, BAD_POINTER, 0, BAD_POINTER, 32), ENOSYS, EPERM);
  refused("open_tree_attr", syscall(SYS_open_tree_attr, -1, BAD_POINTER, 1, BAD_POINTER, 32), ENOSYS, EPERM);
  return probe_end();
}
