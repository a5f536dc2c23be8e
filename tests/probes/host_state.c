/* Calls that change the host as a whole, with arguments that none of them takes. */
#include "probe.h"

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("reboot", syscall(SYS_reboot, 0, 0, 0, NULL), EPERM, 0);
  refused("swapon", syscall(SYS_swapon, BAD_POINTER, 0), EPERM, ENOSYS);
  refused("swapoff", syscall(SYS_swapoff, BAD_POINTER), EPERM, ENOSYS);
  refused("acct", syscall(SYS_acct, BAD_POINTER), EPERM, ENOSYS);
  refused("kexec_load", syscall(SYS_kexec_load, 0, 0x7fffffffUL, BAD_POINTER, 0), EPERM, ENOSYS);
  refused("kexec_file_load", syscall(SYS_kexec_file_load, -1, -1, 0, NULL, 0x40000000UL), EPERM, ENOSYS);
  refused("init_module", syscall(SYS_init_module, BAD_POINTER, 64, BAD_POINTER), EPERM, ENOSYS);
  refused("finit_module", syscall(SYS_finit_module, -1, BAD_POINTER, 0), EPERM, ENOSYS);
  refused("delete_module", syscall(SYS_delete_module, BAD_POINTER, 0x800), EPERM, ENOSYS);
  refused("iopl", syscall(SYS_iopl, 99), EPERM, ENOSYS);
  refused("ioperm", syscall(SYS_ioperm, 0x80000UL, 1UL, 1), EPERM, ENOSYS);
  refused("quotactl", syscall(SYS_quotactl, 0x7fffff00U, BAD_POINTER, 0, NULL), EPERM, ENOSYS);
  refused("quotactl_fd", syscall(SYS_quotactl_fd, -1, 0x7fffff00U, 0, NULL), EPERM, ENOSYS);
  refused("syslog", syscall(SYS_syslog, 99, NULL, 0), EPERM, 0);
  if (!probe_control) { /* harmless only where there is nothing to hang up, and told rather than set */
    refused("vhangup", syscall(SYS_vhangup), EPERM, 0);
    refused("syslog(size)", syscall(SYS_syslog, 10, NULL, 0), EPERM, 0);
    refused("sysfs", syscall(SYS_sysfs, 3), EPERM, ENOSYS);
  }
  return probe_end();
}
