/* The standard streams: whatever the jail does to them stays inside. isolation.test hands over files and /dev/null of
 * the host and looks at them afterwards. */
#include "probe.h"

#include <fcntl.h>
#include <sys/stat.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  for (int fd = 0; fd < 3; fd++) {
    char path[32];
    struct stat st;

    if (fstat(fd, &st) != 0) setup_failed("descriptor %d", fd);
    (void)!fchmod(fd, 0);
    (void)!fchown(fd, 1000, 1000);
    (void)!ftruncate(fd, 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const int again = open(path, O_RDWR | O_TRUNC | O_NONBLOCK);
    if (again >= 0) {
      (void)!pwrite(again, "x", 1, 0);
      close(again);
    }
    if (probe_control)
      judge(path, S_ISREG(st.st_mode));
    else
      judge(numbered("a file of the host as descriptor", fd), !S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode));
  }
  return probe_end();
}
