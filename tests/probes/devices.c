/* /dev holds the jail's own few nodes and nothing else. */
#include "probe.h"

#include <dirent.h>
#include <fcntl.h>

int main(int argc, char **argv) {
  static const char known[] = " . .. null zero full random urandom tty ptmx pts shm mqueue fd stdin stdout stderr ";
  static const char *const absent[] = {"mem", "kmsg", "kvm",   "fuse",    "net/tun", "loop-control", "mapper/control",
                                       "vda", "sda",  "ttyS0", "console", "uinput",  "vhost-net",    "port"};

  probe_begin(argc, argv);
  DIR *dev = opendir("/dev");
  if (dev == NULL) setup_failed("/dev");
  for (const struct dirent *entry; (entry = readdir(dev)) != NULL;) {
    char word[300];

    snprintf(word, sizeof word, " %s ", entry->d_name);
    if (strstr(known, word) == NULL) judge(word, true);
  }
  for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
    char path[64];

    snprintf(path, sizeof path, "/dev/%s", absent[i]);
    if (probe_control) continue;
    refused(path, open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY), ENOENT, 0);
  }
  return probe_end();
}
