/* name_to_handle_at: low has it. */
#include "probe.h"

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("name_to_handle_at", syscall(SYS_name_to_handle_at, -1, BAD_POINTER, BAD_POINTER, BAD_POINTER, 0), EPERM, 0);
  return probe_end();
}
