/* Files of /proc and /sys that act on the host when written to. Opened only. */
#include "probe.h"

#include <fcntl.h>

int main(int argc, char **argv) {
  static const char *const files[] = {"/proc/sysrq-trigger",
                                      "/proc/irq/default_smp_affinity",
                                      "/proc/mtrr",
                                      "/proc/bus/pci/devices",
                                      "/sys/power/state",
                                      "/sys/kernel/mm/ksm/run",
                                      "/sys/kernel/uevent_helper",
                                      "/sys/fs/cgroup/cgroup.procs",
                                      "/sys/module/kernel/uevent"};

  probe_begin(argc, argv);
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    const int fd = open(files[i], O_WRONLY);

    if (fd < 0 && errno == ENOENT && !probe_control)
      judge(files[i], false);
    else if (fd < 0 && (errno == EROFS || errno == ENOENT || probe_control))
      probe_vacuous++;
    else
      refused(files[i], fd, EROFS, EACCES);
  }
  if (probe_vacuous != 0 && !probe_control) judge("writing to the rest", false);
  return probe_end();
}
