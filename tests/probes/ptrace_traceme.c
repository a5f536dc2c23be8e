/* PTRACE_TRACEME by a child of the supervisor makes that the tracer. */
#include "probe.h"

#include <sys/ptrace.h>

static long trace_me(void *unused) {
  (void)unused;
  return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("PTRACE_TRACEME", in_child(trace_me, NULL), EPERM, 0);
  return probe_end();
}
