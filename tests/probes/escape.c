/* Out of the root: the ladder of chroot and fchdir, `..`, magic links. HOST_FILE: a file of the host, by its host path.
 */
#include "probe.h"

#include <fcntl.h>
#include <sys/stat.h>

static void look(const char *how) {
  const char *file = wanted("HOST_FILE");
  const int fd = open(file + 1, O_RDONLY); /* relative: to wherever we are */

  refused(how, fd, ENOENT, 0);
  if (fd >= 0) close(fd);
}

static long ladder(void *step) {
  const int here = open("/", O_RDONLY | O_DIRECTORY);
  if (here < 0 || chroot(step) != 0) return -1;
  if (fchdir(here) != 0) return -1;
  for (int i = 0; i < 64; i++)
    if (chdir("..") != 0) return -1;
  if (chroot(".") != 0) return -1;
  const int fd = open(wanted("HOST_FILE"), O_RDONLY);
  return fd < 0 ? -1 : 0;
}

int main(int argc, char **argv) {
  char step[] = "/tmp/step-XXXXXX";

  probe_begin(argc, argv);
  if (mkdtemp(step) == NULL) setup_failed("%s", step);
  if (chdir("/") != 0) setup_failed("/");
  look("the path in the root");
  if (chdir("/proc/self/root") == 0) look("the path from /proc/self/root");
  for (int i = 0; i < 64; i++) (void)!chdir("..");
  look("the path from above the root");
  refused("the path after chroot and fchdir", in_child(ladder, step), ENOENT, EPERM);
  if (chdir("/proc/self/root") == 0) rmdir(step);
  return probe_end();
}
