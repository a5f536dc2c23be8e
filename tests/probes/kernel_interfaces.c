/* Wide interfaces of the kernel. */
#include "probe.h"

#ifndef SYS_lsm_set_self_attr
#define SYS_lsm_set_self_attr 460 /* Linux 6.8 */
#endif

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("bpf", syscall(SYS_bpf, 9999, BAD_POINTER, 1), EPERM, 0);
  refused("perf_event_open", syscall(SYS_perf_event_open, BAD_POINTER, 0, -1, -1, 0), EPERM, EACCES);
  refused("userfaultfd", syscall(SYS_userfaultfd, 0x40000000), EPERM, ENOSYS);
  refused("io_uring_setup", syscall(SYS_io_uring_setup, 1, BAD_POINTER), EPERM, ENOSYS);
  refused("io_uring_enter", syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0), EPERM, ENOSYS);
  refused("io_uring_register", syscall(SYS_io_uring_register, -1, 0, NULL, 0), EPERM, ENOSYS);
  refused("fanotify_init", syscall(SYS_fanotify_init, 0x40000000, 0), EPERM, ENOSYS);
  refused("lsm_set_self_attr", syscall(SYS_lsm_set_self_attr, 0, BAD_POINTER, 0, 0), EPERM, ENOSYS);
  return probe_end();
}
