/* Capabilities of a file of the jail's own. */
#include "probe.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/xattr.h>

int main(int argc, char **argv) {
  const char *path = "setfcap.file";
  struct vfs_cap_data data = {.magic_etc = VFS_CAP_REVISION_2, .data = {{.permitted = 1, .inheritable = 0}}};

  probe_begin(argc, argv);
  if (chdir("/tmp") != 0) setup_failed("/tmp");
  const int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) setup_failed("%s", path);
  refused("security.capability", fsetxattr(fd, "security.capability", &data, sizeof data, 0), EPERM, 0);
  unlink(path);
  return probe_end();
}
