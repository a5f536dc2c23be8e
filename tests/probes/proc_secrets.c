/* Files of /proc that tell of the host's kernel: absent, or empty. */
#include "probe.h"

#include <fcntl.h>

int main(int argc, char **argv) {
  static const char *const files[] = {"kcore",         "kmsg",        "kallsyms",   "keys",
                                      "key-users",     "timer_list",  "interrupts", "slabinfo",
                                      "latency_stats", "sched_debug", "kpagecount", "kpageflags"};

  probe_begin(argc, argv);
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    char path[64], byte[8];

    if (probe_control && strcmp(files[i], "kmsg") == 0) /* to read it takes lines away from the host's syslogd */
      continue;
    snprintf(path, sizeof path, "/proc/%s", files[i]);
    const int fd = open(path, O_RDONLY | O_NONBLOCK);
    if (fd < 0 && probe_control) {
      probe_vacuous++;
      continue;
    }
    const ssize_t n = fd < 0 ? 0 : read(fd, byte, sizeof byte);
    if (probe_control && n < 0)
      probe_vacuous++;
    else
      judge(path, n > 0 || (n < 0 && errno == EAGAIN));
    if (fd >= 0) close(fd);
  }
  return probe_end();
}
