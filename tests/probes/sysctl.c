/* Kernel parameters: none can be opened for writing. */
#include "probe.h"

#include <fcntl.h>

int main(int argc, char **argv) {
  static const char *const files[] = {
      "kernel/core_pattern", "kernel/printk",  "kernel/modprobe",     "kernel/hostname",
      "kernel/ns_last_pid",  "vm/drop_caches", "net/ipv4/ip_forward", "net/ipv4/ip_local_reserved_ports",
      "fs/file-max"};

  probe_begin(argc, argv);
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    char path[96];

    snprintf(path, sizeof path, "/proc/sys/%s", files[i]);
    const int fd = open(path, O_WRONLY);
    /* ENOENT: high has no /proc/sys at all. */
    const bool hidden = fd < 0 && errno == ENOENT;
    if (hidden && probe_control) {
      probe_vacuous++;
      printf("vacuous %s\n", path);
      continue;
    }
    if (hidden)
      judge(path, false);
    else
      refused(path, fd, EROFS, EACCES);
  }
  return probe_end();
}
