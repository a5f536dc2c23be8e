/* The host's terminals: neither the controlling one nor any of its /dev/pts. HOST_PTS: numbers of some that are in use.
 */
#include "probe.h"

#include <dirent.h>
#include <fcntl.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  if (!probe_control) refused("/dev/tty", open("/dev/tty", O_RDWR), ENXIO, 0);
  const char *list = wanted("HOST_PTS");
  char *end;
  for (long number; number = strtol(list, &end, 10), end != list; list = end) {
    char path[32];

    snprintf(path, sizeof path, "/dev/pts/%ld", number);
    refused(path, open(path, O_RDWR | O_NOCTTY), ENOENT, 0);
  }
  return probe_end();
}
