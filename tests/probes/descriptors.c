/* What a program in a jail begins with: descriptors 0, 1 and 2, each a pipe, the jail's null or a terminal of the
 * jail's, and no umask, signal mask or ignored signal of the caller. */
#include "probe.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>

int main(int argc, char **argv) {
  sigset_t blocked;

  probe_begin(argc, argv);
  DIR *list = opendir("/proc/self/fd");
  if (list == NULL) setup_failed("/proc/self/fd");
  for (const struct dirent *entry; (entry = readdir(list)) != NULL;) {
    char *end;
    const long fd = strtol(entry->d_name, &end, 10);

    if (end == entry->d_name || fd == dirfd(list)) continue;
    judge(numbered("descriptor", (int)fd), fd > 2);
  }
  struct stat root, null;
  if (stat("/dev", &root) != 0 || stat("/dev/null", &null) != 0) setup_failed("/dev/null");
  for (int fd = 0; fd < 3; fd++) {
    struct stat st;

    if (fstat(fd, &st) != 0) setup_failed("descriptor %d", fd);
    const bool fine = S_ISFIFO(st.st_mode) || (st.st_dev == null.st_dev && st.st_ino == null.st_ino) || isatty(fd);
    judge(numbered("foreign object as descriptor", fd), !fine);
  }
  sigprocmask(SIG_BLOCK, NULL, &blocked);
  for (int number = 1; number < 32; number++) {
    struct sigaction action;

    if (sigismember(&blocked, number) == 1) judge(numbered("blocked signal", number), true);
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
      judge(numbered("ignored signal", number), true);
  }
  return probe_end();
}
