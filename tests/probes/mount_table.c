/* The jail's own mount table tells no path of the host. HOST_ROOT: where the jail's root is on the host. */
#include "probe.h"

int main(int argc, char **argv) {
  char line[4096];
  int lines = 0;

  probe_begin(argc, argv);
  FILE *table = fopen("/proc/self/mountinfo", "r");
  if (table == NULL) setup_failed("mountinfo");
  while (fgets(line, sizeof line, table) != NULL) {
    lines++;
    /* The fourth field is a path in the mounted file system, and the jail's root is a directory of the host's. What it
     * may show is that one, at /; the fifth field is where it is mounted. */
    if (strstr(line, " shared:") != NULL || strstr(line, " master:") != NULL) judge("a mount that propagates", true);
  }
  if (lines == 0) setup_failed("an empty mountinfo");
  FILE *groups = fopen("/proc/self/cgroup", "r");
  if (groups == NULL) setup_failed("cgroup");
  while (fgets(line, sizeof line, groups) != NULL) {
    if (strncmp(line, "0::", 3) != 0) continue;
    judge("the path of the cgroup on the host", strcmp(line, "0::/\n") != 0);
  }
  return probe_end();
}
