/* A filter with a listener of one's own: the kernel takes one for each task, and the jail's supervisor has it. */
#include "probe.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

int main(int argc, char **argv) {
  struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog filter = {1, allow};

  probe_begin(argc, argv);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) setup_failed("no_new_privs");
  refused("seccomp with NEW_LISTENER",
          syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter), EBUSY, EPERM);
  if (!probe_control && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) setup_failed("a plain filter");
  return probe_end();
}
