/* RLIMIT_CORE is 1, which stops the host's core dump helper; it must stay so. */
#include "probe.h"

#include <sys/resource.h>

static long by_setrlimit(void *limit) { return syscall(SYS_setrlimit, RLIMIT_CORE, limit); }
static long by_prlimit(void *limit) { return syscall(SYS_prlimit64, 0, RLIMIT_CORE, limit, NULL); }
static long by_prlimit_high(void *limit) {
  return syscall(SYS_prlimit64, 0, RLIMIT_CORE | 0xdead00000000UL, limit, NULL);
}

int main(int argc, char **argv) {
  struct rlimit limit;

  probe_begin(argc, argv);
  if (getrlimit(RLIMIT_CORE, &limit) != 0) setup_failed("getrlimit");
  if (!probe_control && (limit.rlim_cur != 1 || limit.rlim_max != 1)) judge("a core limit that is not 1", true);
  limit.rlim_cur = limit.rlim_max = 0;
  refused("setrlimit(RLIMIT_CORE)", in_child(by_setrlimit, &limit), EPERM, 0);
  refused("prlimit(RLIMIT_CORE)", in_child(by_prlimit, &limit), EPERM, 0);
  refused("prlimit(RLIMIT_CORE, high bits)", in_child(by_prlimit_high, &limit), EPERM, 0);
  return probe_end();
}
