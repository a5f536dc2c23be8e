/* Memory locked beyond the limit. */
#include "probe.h"

#include <sys/mman.h>
#include <sys/resource.h>

int main(int argc, char **argv) {
  const struct rlimit none = {0, 0};

  probe_begin(argc, argv);
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED || setrlimit(RLIMIT_MEMLOCK, &none) != 0) setup_failed("a page, and a limit of none");
  refused("mlock", mlock(page, 4096), EPERM, ENOMEM);
  return probe_end();
}
