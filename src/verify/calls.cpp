// System calls whose answer is the filter's: one line a call, what must come of it from the policy's table. Arguments
// are such that the call does nothing where it is not refused: bad pointers, descriptors and numbers give EFAULT, EBADF
// or EINVAL there.
#include "verify/trial.h"

#include "abi/syscall_policy.h"

#include <string_view>
#include <sys/syscall.h>
#include <sys/timex.h>

namespace jails::verify {
namespace {

constexpr uint64_t kBad = 1;               // a pointer to nowhere
constexpr uint64_t kNoFd = ~uint64_t{0};   // -1
constexpr uint64_t kHigh = 0xdead00000000; // garbage above an int
constexpr uint64_t kNoType = 15;           // no type of socket: fails before a module is loaded

enum How : uint8_t {
  kPolicy = 0,     // what the table says, which may be "allowed"
  kRefuse = 1,     // refused in every profile
  kOnlyInside = 2, // would act outside, or tells nothing there
  kChild = 4       // in a child: changes the caller where it works
};

struct Line {
  const char *check, *act;
  uint32_t number;
  uint64_t arguments[6];
  uint8_t how;
};

// clang-format off: a table is read by its lines
constexpr Line kLines[] = {
    {"mount", "mount", SYS_mount, {kBad, kBad, kBad, 0, 0}, kRefuse},
    {"mount", "umount", SYS_umount2, {kBad, 0}, kRefuse},
    {"mount", "pivot_root", SYS_pivot_root, {kBad, kBad}, kRefuse},
    {"mount-api", "fsopen", SYS_fsopen, {kBad, 0}, kRefuse},
    {"mount-api", "fsconfig", SYS_fsconfig, {kNoFd, 99, 0, 0, 0}, kRefuse},
    {"mount-api", "fsmount", SYS_fsmount, {kNoFd, 0, 0}, kRefuse},
    {"mount-api", "fspick", SYS_fspick, {kNoFd, kBad, 0}, kRefuse},
    {"mount-api", "open_tree", SYS_open_tree, {kNoFd, kBad, 0}, kRefuse},
    {"mount-api", "move_mount", SYS_move_mount, {kNoFd, kBad, kNoFd, kBad, 0}, kRefuse},
    {"mount-api", "mount_setattr", SYS_mount_setattr, {kNoFd, kBad, 0, kBad, 32}, kRefuse},
    {"mount-api", "open_tree_attr", __NR_open_tree_attr, {kNoFd, kBad, 1, kBad, 32}, kRefuse},
    {"chroot", "chroot", SYS_chroot, {kBad}, kPolicy},
    {"file-handles", "open_by_handle_at", SYS_open_by_handle_at, {kNoFd, kBad, 0}, kRefuse},
    {"file-handles", "name_to_handle_at", SYS_name_to_handle_at, {kNoFd, kBad, kBad, kBad, 0}, kPolicy},
    {"namespaces", "unshare mount", SYS_unshare, {0x00020000}, kRefuse | kChild},
    {"namespaces", "unshare cgroup", SYS_unshare, {0x02000000}, kRefuse | kChild},
    {"namespaces", "unshare uts", SYS_unshare, {0x04000000}, kRefuse | kChild},
    {"namespaces", "unshare ipc", SYS_unshare, {0x08000000}, kRefuse | kChild},
    {"namespaces", "unshare user", SYS_unshare, {0x10000000}, kRefuse | kChild},
    {"namespaces", "unshare pid", SYS_unshare, {0x20000000}, kRefuse | kChild},
    {"namespaces", "unshare net", SYS_unshare, {0x40000000}, kRefuse | kChild},
    {"namespaces", "unshare time", SYS_unshare, {0x80}, kRefuse | kChild},
    {"namespaces", "unshare user with high bits", SYS_unshare, {0x10000000 | kHigh}, kRefuse | kChild | kOnlyInside},
    {"namespaces", "clone user", SYS_clone, {0x10000000 | 17, 0, 0, 0, 0}, kRefuse | kChild},
    {"namespaces", "clone mount", SYS_clone, {0x00020000 | 17, 0, 0, 0, 0}, kRefuse | kChild},
    {"namespaces", "clone3", SYS_clone3, {kBad, 0}, kRefuse},
    {"namespaces", "setns", SYS_setns, {kNoFd, 0}, kRefuse},
    {"modules", "init_module", SYS_init_module, {kBad, 64, kBad}, kRefuse},
    {"modules", "finit_module", SYS_finit_module, {kNoFd, kBad, 0}, kRefuse},
    {"modules", "delete_module", SYS_delete_module, {kBad, 0x800}, kRefuse},
    {"modules", "kexec_load", SYS_kexec_load, {0, 0x7fffffff, kBad, 0}, kRefuse},
    {"modules", "kexec_file_load", SYS_kexec_file_load, {kNoFd, kNoFd, 0, 0, 0x40000000}, kRefuse},
    {"host-state", "reboot", SYS_reboot, {0, 0, 0, 0}, kRefuse},
    {"host-state", "swapon", SYS_swapon, {kBad, 0}, kRefuse},
    {"host-state", "swapoff", SYS_swapoff, {kBad}, kRefuse},
    {"host-state", "acct", SYS_acct, {kBad}, kRefuse},
    {"host-state", "quotactl", SYS_quotactl, {0x7fffff00, kBad, 0, 0}, kRefuse},
    {"host-state", "quotactl_fd", SYS_quotactl_fd, {kNoFd, 0x7fffff00, 0, 0}, kRefuse},
    {"host-state", "sethostname", SYS_sethostname, {kBad, 3}, kRefuse},
    {"host-state", "setdomainname", SYS_setdomainname, {kBad, 3}, kRefuse},
    {"host-state", "iopl", SYS_iopl, {99}, kRefuse},
    {"host-state", "ioperm", SYS_ioperm, {0x80000, 1, 1}, kRefuse},
    {"host-state", "vhangup", SYS_vhangup, {}, kRefuse | kOnlyInside},
    {"host-state", "syslog", SYS_syslog, {99, 0, 0}, kRefuse},
    {"host-state", "syslog of the size", SYS_syslog, {10, 0, 0}, kRefuse | kOnlyInside},
    {"host-state", "a file lease", SYS_fcntl, {kNoFd, 1024, 0}, kRefuse},
    {"clock", "clock_settime", SYS_clock_settime, {0, kBad}, kRefuse},
    {"clock", "settimeofday", SYS_settimeofday, {kBad, 0}, kRefuse},
    {"keyring", "add_key", SYS_add_key, {kBad, kBad, 0, 0, ~uint64_t{3}}, kRefuse},
    {"keyring", "request_key", SYS_request_key, {kBad, kBad, 0, 0}, kRefuse},
    {"keyring", "keyctl", SYS_keyctl, {9999, 0, 0}, kRefuse},
    {"interfaces", "bpf", SYS_bpf, {9999, kBad, 1}, kRefuse},
    {"interfaces", "perf_event_open", SYS_perf_event_open, {kBad, 0, kNoFd, kNoFd, 0}, kRefuse},
    {"interfaces", "userfaultfd", SYS_userfaultfd, {0x40000000}, kRefuse},
    {"interfaces", "io_uring_setup", SYS_io_uring_setup, {1, kBad}, kRefuse},
    {"interfaces", "io_uring_enter", SYS_io_uring_enter, {kNoFd, 0, 0, 0, 0, 0}, kRefuse},
    {"interfaces", "io_uring_register", SYS_io_uring_register, {kNoFd, 0, 0, 0}, kRefuse},
    {"interfaces", "fanotify_init", SYS_fanotify_init, {0x40000000, 0}, kRefuse},
    {"interfaces", "lsm_set_self_attr", __NR_lsm_set_self_attr, {0, kBad, 0, 0}, kRefuse},
    {"terminal", "TIOCSTI", SYS_ioctl, {kNoFd, 0x5412, 0}, kRefuse},
    {"terminal", "TIOCSTI with high bits", SYS_ioctl, {kNoFd, 0x5412 | kHigh, 0}, kRefuse},
    {"terminal", "TIOCLINUX", SYS_ioctl, {kNoFd, 0x541c, 0}, kRefuse},
    {"terminal", "TIOCCONS", SYS_ioctl, {kNoFd, 0x541d, 0}, kRefuse},
    {"terminal", "TIOCSETD", SYS_ioctl, {kNoFd, 0x5423, 0}, kRefuse},
    {"terminal", "FIFREEZE", SYS_ioctl, {kNoFd, 0xc0045877, 0}, kRefuse},
    {"sockets", "AF_PACKET", SYS_socket, {17, kNoType, 0}, kRefuse},
    {"sockets", "AF_PACKET with high bits", SYS_socket, {17 | kHigh, kNoType, 0}, kRefuse},
    {"sockets", "AF_KEY", SYS_socket, {15, kNoType, 2}, kRefuse},
    {"sockets", "AF_PPPOX", SYS_socket, {24, kNoType, 0}, kRefuse},
    {"sockets", "AF_CAN", SYS_socket, {29, kNoType, 1}, kRefuse},
    {"sockets", "AF_TIPC", SYS_socket, {30, kNoType, 0}, kRefuse},
    {"sockets", "AF_BLUETOOTH", SYS_socket, {31, kNoType, 1}, kRefuse},
    {"sockets", "AF_ALG", SYS_socket, {38, kNoType, 0}, kRefuse},
    {"sockets", "AF_VSOCK", SYS_socket, {40, kNoType, 0}, kRefuse},
    {"sockets", "AF_SMC", SYS_socket, {43, kNoType, 0}, kRefuse},
    {"sockets", "AF_XDP", SYS_socket, {44, kNoType, 0}, kRefuse},
    {"sockets", "raw IPv4", SYS_socket, {2, 3, 1}, kRefuse},
    {"sockets", "raw IPv4 with high bits", SYS_socket, {2 | kHigh, 3 | kHigh, 1}, kRefuse},
    {"sockets", "raw IPv6", SYS_socket, {10, 3, 58}, kRefuse},
    {"sockets", "netlink xfrm", SYS_socket, {16, kNoType, 6}, kRefuse},
    {"sockets", "netlink connector", SYS_socket, {16, kNoType, 11}, kRefuse},
    {"sockets", "netlink netfilter", SYS_socket, {16, kNoType, 12}, kRefuse},
    {"sockets", "netlink generic", SYS_socket, {16, kNoType, 16}, kRefuse},
    {"sockets", "netlink sock_diag", SYS_socket, {16, kNoType, 4}, kPolicy},
    {"sockets", "netlink audit", SYS_socket, {16, kNoType, 9}, kPolicy},
    {"profile", "ptrace TRACEME", SYS_ptrace, {0, 0, 0, 0}, kPolicy | kChild},
    {"profile", "sched_getaffinity of another", SYS_sched_getaffinity, {1, 128, kBad}, kPolicy},
    {"profile", "kcmp", SYS_kcmp, {kNoFd, kNoFd, 0, 0, 0}, kPolicy},
    {"profile", "pidfd_getfd", SYS_pidfd_getfd, {kNoFd, kNoFd, 0}, kPolicy},
    {"profile", "SysV shared memory", SYS_shmget, {0x7fffff01, 0, 0}, kPolicy},
    {"profile", "personality", SYS_personality, {0x0040000}, kPolicy | kChild},
    {"profile", "modify_ldt", SYS_modify_ldt, {99, kBad, 0}, kPolicy},
    {"profile", "set_mempolicy", SYS_set_mempolicy, {99, kBad, 64}, kPolicy},
    {"profile", "adjtimex", SYS_adjtimex, {kBad}, kPolicy},
    {"profile", "memfd_secret", SYS_memfd_secret, {0x40000000}, kPolicy},
    {"profile", "a file's flags", SYS_ioctl, {kNoFd, 0x40086602, 0}, kPolicy},
};
// clang-format on

// The lines of the check that is run.
void run(Trial &trial) {
  for (const auto &line : kLines) {
    if (std::string_view(line.check) != trial.check().id) continue;
    if (trial.control() && (line.how & kOnlyInside) != 0) continue;
    const bool always = (line.how & kRefuse) != 0;
    if ((line.how & kChild) != 0) {
      const InChild child(trial.probe());
      if (!child) return trial.no_child();
      trial.call(line.act, line.number, line.arguments, always);
    } else {
      trial.call(line.act, line.number, line.arguments, always);
    }
  }
}

// A key of the host's root, by its number.
void keyring(Trial &trial) {
  if (trial.targets().key != 0) {
    Probe &probe = trial.probe();
    trial.refused("a key of the host", probe.call(SYS_keyctl, {6 /* DESCRIBE */, trial.targets().key, 0, 0}), {EPERM});
  }
  run(trial);
}

// Reading the clock's state is no secret in low and medium; a tick of 1 us is out of range wherever it may be set.
void clock(Trial &trial) {
  Probe &probe = trial.probe();
  timex tick{};
  tick.modes = ADJ_TICK;
  tick.tick = 1;
  uint64_t at = probe.object(tick);
  trial.refused("adjtimex", probe.call(SYS_adjtimex, {at}), {EPERM});
  at = probe.object(tick);
  trial.refused("clock_adjtime", probe.call(SYS_clock_adjtime, {0, at}), {EPERM});
  run(trial);
}

// Numbers of another calling convention, which a filter for this one would not know, and those that nobody knows.
void numbers(Trial &trial) {
  Probe &probe = trial.probe();
  trial.refused("x32", probe.call(0x40000000 | SYS_getpid), {ENOSYS, EPERM});
  trial.refused("above the newest", probe.call(SJ_SYSCALL_KNOWN_MAX + 1), {ENOSYS});
}

constexpr Check kChecks[] = {
    {"mount", "mount and umount", run, nullptr},
    {"mount-api", "mount by descriptors", run, nullptr},
    {"chroot", "chroot", run, nullptr},
    {"file-handles", "open files by handle", run, nullptr},
    {"namespaces", "make and enter namespaces", run, nullptr},
    {"modules", "load modules, kexec", run, nullptr},
    {"host-state", "reboot, swap, accounting, host name, kernel log", run, nullptr},
    {"clock", "set the clock", clock, nullptr},
    {"keyring", "use keyrings, which belong to a uid", keyring, nullptr},
    {"interfaces", "bpf, perf, userfaultfd, io_uring, fanotify", run, nullptr},
    {"terminal", "type into a terminal, freeze file systems", run, nullptr},
    {"sockets", "make raw, packet, netlink and rare sockets", run, nullptr},
    {"profile", "calls that only some profiles have", run, nullptr},
    {"numbers", "call by x32 numbers and unknown ones", numbers, "refused by the kernel's own rules as well"},
};

} // namespace

std::span<const Check> call_checks() { return kChecks; }

} // namespace jails::verify
