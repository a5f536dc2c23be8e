/* One system call, as the environment says: CALL is its number and up to five arguments, CALL_ERROR the errno that the
 * filter refuses it with. The arguments are such that it does nothing when it gets past. */
#include "probe.h"

int main(int argc, char **argv) {
  long words[6] = {0};
  const char *at;

  probe_begin(argc, argv);
  at = wanted("CALL");
  for (int i = 0; i < 6 && *at != 0; i++) {
    char *end;
    words[i] = (long)strtoul(at, &end, 0);
    at = end;
  }
  const long rc = syscall(words[0], words[1], words[2], words[3], words[4], words[5]);
  refused(wanted("CALL"), rc, atoi(wanted("CALL_ERROR")), 0);
  return probe_end();
}
