/* Rules of the syscall policy that look at arguments or permissions.
 * A rule stands always, or as long as a permission (permissions.h) is not there, or only with one. The first that
 * stands and whose conditions hold decides. Arguments are compared in their low 32 bits under a mask, because the
 * kernel reads these arguments as int or unsigned int: garbage in the upper half must not get round a rule
 * (CVE-2019-10063, CVE-2019-7303). */
#ifndef SECMODEL_JAIL_SYSCALL_RULES_H
#define SECMODEL_JAIL_SYSCALL_RULES_H

#include "abi/permissions.h"
#include "abi/syscall_numbers.h"

enum sj_op {
	SJ_ANY = 0,  /* no condition */
	SJ_EQ,       /* (arg & mask) == value */
	SJ_NE,       /* (arg & mask) != value */
	SJ_NONZERO64 /* the whole 64-bit argument is not 0 (a pointer is given) */
};

struct sj_condition {
	__u8 op;
	__u8 arg;
	__u32 mask;
	__u32 value;
};

struct sj_syscall_rule {
	__u16 nr;
	__u8 unless; /* enum sj_permission_id: the rule stands while this is not there */
	__u8 with;   /* and only with this; SJ_PERM_NONE in both: always */
	__u16 error; /* 0: allow */
	struct sj_condition when[2];
};

#define SJ_ALL 0xffffffffU
#define SJ_IF(op, arg, mask, value) {op, arg, mask, value}
/* Refusals stand unless the permission is there (SJ_PERM_NONE: always), SJ_WITH rules allow, and only with it. */
#define SJ_DENY_ALWAYS(name, unless, error)                                                                            \
	{                                                                                                              \
		SJ_NR(name), unless, SJ_PERM_NONE, error,                                                              \
		{                                                                                                      \
			{SJ_ANY, 0, 0, 0}, {SJ_ANY, 0, 0, 0}                                                           \
		}                                                                                                      \
	}
#define SJ_RULE1(name, unless, error, c)                                                                               \
	{                                                                                                              \
		SJ_NR(name), unless, SJ_PERM_NONE, error,                                                              \
		{                                                                                                      \
			c, {SJ_ANY, 0, 0, 0}                                                                           \
		}                                                                                                      \
	}
#define SJ_RULE2(name, unless, error, a, b)                                                                            \
	{                                                                                                              \
		SJ_NR(name), unless, SJ_PERM_NONE, error,                                                              \
		{                                                                                                      \
			a, b                                                                                           \
		}                                                                                                      \
	}
#define SJ_WITH(name, permission, a, b)                                                                                \
	{                                                                                                              \
		SJ_NR(name), SJ_PERM_NONE, permission, 0,                                                              \
		{                                                                                                      \
			a, b                                                                                           \
		}                                                                                                      \
	}
#define SJ_TRUE {SJ_ANY, 0, 0, 0}
#define SJ_ALWAYS SJ_PERM_NONE

#define SJ_CLONE_NEW 0x7e020000U /* NEWNS NEWCGROUP NEWUTS NEWIPC NEWUSER NEWPID NEWNET */
#define SJ_CLONE_NEWTIME 0x80U
#define SJ_CLONE_PARENT 0x8000U

/* clang-format off: a table is read by its lines */
static const struct sj_syscall_rule sj_syscall_rules[] = {
    /* Namespaces: none may be made (with userns, by the kernel's own rules) or entered. clone3's flags stand behind a
     * pointer (CVE-2021-41133); libc falls back. */
    SJ_DENY_ALWAYS(clone3, SJ_ALWAYS, ENOSYS),
    SJ_RULE1(clone, SJ_PERM_USERNS, EPERM, SJ_IF(SJ_NE, 0, SJ_CLONE_NEW, 0)),
    SJ_RULE1(clone, SJ_PERM_SUID, EPERM, SJ_IF(SJ_NE, 0, SJ_CLONE_PARENT, 0)), /* sj_is_anchors() */
    SJ_RULE1(unshare, SJ_PERM_USERNS, EPERM, SJ_IF(SJ_NE, 0, SJ_CLONE_NEW | SJ_CLONE_NEWTIME, 0)),
    SJ_DENY_ALWAYS(setns, SJ_ALWAYS, EPERM),
    /* Mounts. Landlock covers the old calls only (SECURITY W01). */
    SJ_DENY_ALWAYS(mount, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(umount2, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(pivot_root, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(fsopen, SJ_ALWAYS, ENOSYS),
    SJ_DENY_ALWAYS(fsconfig, SJ_ALWAYS, ENOSYS),
    SJ_DENY_ALWAYS(fsmount, SJ_ALWAYS, ENOSYS),
    SJ_DENY_ALWAYS(fspick, SJ_ALWAYS, ENOSYS),
    SJ_DENY_ALWAYS(open_tree, SJ_ALWAYS, ENOSYS),
    SJ_DENY_ALWAYS(open_tree_attr, SJ_ALWAYS, ENOSYS),
    SJ_DENY_ALWAYS(move_mount, SJ_ALWAYS, ENOSYS),
    SJ_DENY_ALWAYS(mount_setattr, SJ_ALWAYS, ENOSYS),
    SJ_DENY_ALWAYS(chroot, SJ_PERM_CHROOT, EPERM),
    SJ_RULE1(mknod, SJ_ALWAYS, EPERM, SJ_IF(SJ_EQ, 1, 0170000, 0020000)),
    SJ_RULE1(mknod, SJ_ALWAYS, EPERM, SJ_IF(SJ_EQ, 1, 0170000, 0060000)),
    SJ_RULE1(mknodat, SJ_ALWAYS, EPERM, SJ_IF(SJ_EQ, 2, 0170000, 0020000)),
    SJ_RULE1(mknodat, SJ_ALWAYS, EPERM, SJ_IF(SJ_EQ, 2, 0170000, 0060000)),
    /* File handles reach files outside the root (NetBSD FILEHANDLE). */
    SJ_DENY_ALWAYS(open_by_handle_at, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(name_to_handle_at, SJ_PERM_FILE_HANDLE_NAMES, EPERM),
    /* Same-uid host processes: the uid check of these calls knows no jail (W06, W07). */
    SJ_RULE1(prlimit64, SJ_ALWAYS, EPERM, SJ_IF(SJ_NE, 0, SJ_ALL, 0)),
    /* RLIMIT_CORE stays 1: the kernel takes that for "no helper" (core(5), W37). */
    SJ_RULE2(prlimit64, SJ_PERM_CORE_DUMPS, EPERM, SJ_IF(SJ_EQ, 1, SJ_ALL, 4), SJ_IF(SJ_NONZERO64, 2, 0, 0)),
    SJ_RULE1(setrlimit, SJ_PERM_CORE_DUMPS, EPERM, SJ_IF(SJ_EQ, 0, SJ_ALL, 4)),
    SJ_RULE1(sched_setaffinity, SJ_ALWAYS, EPERM, SJ_IF(SJ_NE, 0, SJ_ALL, 0)),
    SJ_RULE1(sched_setscheduler, SJ_ALWAYS, EPERM, SJ_IF(SJ_NE, 0, SJ_ALL, 0)),
    SJ_RULE1(sched_setparam, SJ_ALWAYS, EPERM, SJ_IF(SJ_NE, 0, SJ_ALL, 0)),
    SJ_RULE1(sched_setattr, SJ_ALWAYS, EPERM, SJ_IF(SJ_NE, 0, SJ_ALL, 0)),
    SJ_RULE1(setpriority, SJ_ALWAYS, EPERM, SJ_IF(SJ_NE, 0, SJ_ALL, 0)),
    SJ_RULE1(setpriority, SJ_ALWAYS, EPERM, SJ_IF(SJ_NE, 1, SJ_ALL, 0)),
    SJ_RULE1(ioprio_set, SJ_ALWAYS, EPERM, SJ_IF(SJ_NE, 0, SJ_ALL, 1)),
    SJ_RULE1(ioprio_set, SJ_ALWAYS, EPERM, SJ_IF(SJ_NE, 1, SJ_ALL, 0)),
    /* ENOSYS: pthread_getattr_np(3) asks for a thread of its own by number, and takes this answer alone for "not
       known". */
    SJ_RULE1(sched_getaffinity, SJ_PERM_SCHEDULING_READ, ENOSYS, SJ_IF(SJ_NE, 0, SJ_ALL, 0)),
    SJ_RULE1(sched_getscheduler, SJ_PERM_SCHEDULING_READ, EPERM, SJ_IF(SJ_NE, 0, SJ_ALL, 0)),
    SJ_RULE1(sched_getparam, SJ_PERM_SCHEDULING_READ, EPERM, SJ_IF(SJ_NE, 0, SJ_ALL, 0)),
    SJ_RULE1(sched_getattr, SJ_PERM_SCHEDULING_READ, EPERM, SJ_IF(SJ_NE, 0, SJ_ALL, 0)),
    SJ_RULE1(sched_rr_get_interval, SJ_PERM_SCHEDULING_READ, EPERM, SJ_IF(SJ_NE, 0, SJ_ALL, 0)),
    /* PIDFD_GET_INFO tells of any pid (W25). */
    SJ_DENY_ALWAYS(pidfd_open, SJ_PERM_PIDFD_OPEN, EPERM),
    SJ_DENY_ALWAYS(pidfd_getfd, SJ_PERM_PTRACE, EPERM),
    SJ_DENY_ALWAYS(kcmp, SJ_PERM_PTRACE, EPERM),
    SJ_DENY_ALWAYS(process_vm_readv, SJ_PERM_PTRACE, EPERM),
    SJ_DENY_ALWAYS(process_vm_writev, SJ_PERM_PTRACE, EPERM),
    SJ_RULE1(ptrace, SJ_PERM_TRACE_ME, EPERM, SJ_IF(SJ_EQ, 0, SJ_ALL, 0)), /* W05 */
    SJ_WITH(ptrace, SJ_PERM_TRACE_ME, SJ_IF(SJ_EQ, 0, SJ_ALL, 0), SJ_TRUE),
    SJ_DENY_ALWAYS(ptrace, SJ_PERM_PTRACE, EPERM),
    SJ_DENY_ALWAYS(process_madvise, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(process_mrelease, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(move_pages, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(migrate_pages, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(mbind, SJ_PERM_MEMORY_POLICY, EPERM),
    SJ_DENY_ALWAYS(set_mempolicy, SJ_PERM_MEMORY_POLICY, EPERM),
    SJ_DENY_ALWAYS(set_mempolicy_home_node, SJ_PERM_MEMORY_POLICY, EPERM),
    SJ_WITH(get_mempolicy, SJ_PERM_MEMORY_POLICY, SJ_TRUE, SJ_TRUE), /* not in the list of high */
    /* Keyrings are per uid, shared with the host (W23). */
    SJ_DENY_ALWAYS(add_key, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(request_key, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(keyctl, SJ_ALWAYS, EPERM),
    /* Sockets: UNIX, INET, INET6 and few NETLINK protocols; NETLINK_ROUTE sockets are SOCK_RAW by custom (W21, W22). */
    SJ_RULE1(socket, SJ_ALWAYS, 0, SJ_IF(SJ_EQ, 0, SJ_ALL, 1)),
    SJ_WITH(socket, SJ_PERM_NETLINK_ROUTE, SJ_IF(SJ_EQ, 0, SJ_ALL, 16), SJ_IF(SJ_EQ, 2, SJ_ALL, 0)),
    SJ_WITH(socket, SJ_PERM_SOCKET_DIAG, SJ_IF(SJ_EQ, 0, SJ_ALL, 16), SJ_IF(SJ_EQ, 2, SJ_ALL, 4)),
    SJ_WITH(socket, SJ_PERM_AUDIT_WRITE, SJ_IF(SJ_EQ, 0, SJ_ALL, 16), SJ_IF(SJ_EQ, 2, SJ_ALL, 9)),
    SJ_WITH(socket, SJ_PERM_NETLINK_UEVENT, SJ_IF(SJ_EQ, 0, SJ_ALL, 16), SJ_IF(SJ_EQ, 2, SJ_ALL, 15)),
    SJ_WITH(socket, SJ_PERM_NETLINK_GENERIC, SJ_IF(SJ_EQ, 0, SJ_ALL, 16), SJ_IF(SJ_EQ, 2, SJ_ALL, 16)),
    SJ_RULE1(socket, SJ_ALWAYS, EAFNOSUPPORT, SJ_IF(SJ_EQ, 0, SJ_ALL, 16)),
    SJ_RULE1(socket, SJ_ALWAYS, EPERM, SJ_IF(SJ_EQ, 1, 0xf, 3)),
    SJ_RULE1(socket, SJ_ALWAYS, EPERM, SJ_IF(SJ_EQ, 1, 0xf, 10)),
    SJ_RULE1(socket, SJ_ALWAYS, 0, SJ_IF(SJ_EQ, 0, SJ_ALL, 2)),
    SJ_RULE1(socket, SJ_ALWAYS, 0, SJ_IF(SJ_EQ, 0, SJ_ALL, 10)),
    SJ_DENY_ALWAYS(socket, SJ_ALWAYS, EAFNOSUPPORT),
    SJ_RULE1(socketpair, SJ_ALWAYS, EAFNOSUPPORT, SJ_IF(SJ_NE, 0, SJ_ALL, 1)),
    /* io_uring runs calls that no filter sees (W29). */
    SJ_DENY_ALWAYS(io_uring_setup, SJ_PERM_IO_URING, EPERM),
    SJ_DENY_ALWAYS(io_uring_enter, SJ_PERM_IO_URING, EPERM),
    SJ_DENY_ALWAYS(io_uring_register, SJ_PERM_IO_URING, EPERM),
    SJ_DENY_ALWAYS(bpf, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(perf_event_open, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(userfaultfd, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(lsm_set_self_attr, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(fanotify_init, SJ_ALWAYS, EPERM),
    /* Terminals and file systems: TIOCSTI TIOCLINUX TIOCCONS TIOCSETD; FIFREEZE FITHAW FITRIM FS_IOC_FSSETXATTR;
       SETFLAGS. */
    SJ_RULE1(ioctl, SJ_ALWAYS, EPERM, SJ_IF(SJ_EQ, 1, SJ_ALL, 0x5412)),
    SJ_RULE1(ioctl, SJ_ALWAYS, EPERM, SJ_IF(SJ_EQ, 1, SJ_ALL, 0x541c)),
    SJ_RULE1(ioctl, SJ_ALWAYS, EPERM, SJ_IF(SJ_EQ, 1, SJ_ALL, 0x541d)),
    SJ_RULE1(ioctl, SJ_ALWAYS, EPERM, SJ_IF(SJ_EQ, 1, SJ_ALL, 0x5423)),
    SJ_RULE1(ioctl, SJ_ALWAYS, EPERM, SJ_IF(SJ_EQ, 1, SJ_ALL, 0xc0045877)),
    SJ_RULE1(ioctl, SJ_ALWAYS, EPERM, SJ_IF(SJ_EQ, 1, SJ_ALL, 0xc0045878)),
    SJ_RULE1(ioctl, SJ_ALWAYS, EPERM, SJ_IF(SJ_EQ, 1, SJ_ALL, 0xc0185879)),
    SJ_RULE1(ioctl, SJ_ALWAYS, EPERM, SJ_IF(SJ_EQ, 1, SJ_ALL, 0x401c5820)),
    SJ_RULE1(ioctl, SJ_PERM_FILE_FLAGS, EPERM, SJ_IF(SJ_EQ, 1, SJ_ALL, 0x40086602)),
    SJ_RULE1(ioctl, SJ_PERM_FILE_FLAGS, EPERM, SJ_IF(SJ_EQ, 1, SJ_ALL, 0x40046602)),
    SJ_DENY_ALWAYS(file_setattr, SJ_ALWAYS, EPERM),
    SJ_RULE1(fcntl, SJ_ALWAYS, EPERM, SJ_IF(SJ_EQ, 1, SJ_ALL, 1024)), /* F_SETLEASE (W39) */
    /* Host state. */
    SJ_DENY_ALWAYS(syslog, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(acct, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(swapon, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(swapoff, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(reboot, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(kexec_load, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(kexec_file_load, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(init_module, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(finit_module, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(delete_module, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(iopl, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(ioperm, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(quotactl, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(quotactl_fd, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(vhangup, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(nfsservctl, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(lookup_dcookie, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(uselib, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(ustat, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(sysfs, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(clock_settime, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(settimeofday, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(adjtimex, SJ_PERM_CLOCK_READ, EPERM),
    SJ_DENY_ALWAYS(clock_adjtime, SJ_PERM_CLOCK_READ, EPERM),
    SJ_DENY_ALWAYS(sethostname, SJ_ALWAYS, EPERM),
    SJ_DENY_ALWAYS(setdomainname, SJ_ALWAYS, EPERM),
    /* NetBSD high denies SysV IPC administration: the same calls, so the whole family goes. */
    SJ_DENY_ALWAYS(shmget, SJ_PERM_SYSVIPC, EPERM),
    SJ_DENY_ALWAYS(shmat, SJ_PERM_SYSVIPC, EPERM),
    SJ_DENY_ALWAYS(shmctl, SJ_PERM_SYSVIPC, EPERM),
    SJ_DENY_ALWAYS(shmdt, SJ_PERM_SYSVIPC, EPERM),
    SJ_DENY_ALWAYS(semget, SJ_PERM_SYSVIPC, EPERM),
    SJ_DENY_ALWAYS(semop, SJ_PERM_SYSVIPC, EPERM),
    SJ_DENY_ALWAYS(semctl, SJ_PERM_SYSVIPC, EPERM),
    SJ_DENY_ALWAYS(semtimedop, SJ_PERM_SYSVIPC, EPERM),
    SJ_DENY_ALWAYS(msgget, SJ_PERM_SYSVIPC, EPERM),
    SJ_DENY_ALWAYS(msgsnd, SJ_PERM_SYSVIPC, EPERM),
    SJ_DENY_ALWAYS(msgrcv, SJ_PERM_SYSVIPC, EPERM),
    SJ_DENY_ALWAYS(msgctl, SJ_PERM_SYSVIPC, EPERM),
    /* Attack surface. */
    SJ_RULE1(personality, SJ_PERM_PERSONALITY, 0, SJ_IF(SJ_EQ, 0, SJ_ALL, 0)),
    SJ_RULE1(personality, SJ_PERM_PERSONALITY, 0, SJ_IF(SJ_EQ, 0, SJ_ALL, 8)),
    SJ_RULE1(personality, SJ_PERM_PERSONALITY, 0, SJ_IF(SJ_EQ, 0, SJ_ALL, 0x20000)),
    SJ_RULE1(personality, SJ_PERM_PERSONALITY, 0, SJ_IF(SJ_EQ, 0, SJ_ALL, 0x20008)),
    SJ_RULE1(personality, SJ_PERM_PERSONALITY, 0, SJ_IF(SJ_EQ, 0, SJ_ALL, SJ_ALL)),
    SJ_DENY_ALWAYS(personality, SJ_PERM_PERSONALITY, EPERM),
    SJ_DENY_ALWAYS(modify_ldt, SJ_PERM_MODIFY_LDT, EPERM),
    SJ_RULE2(seccomp, SJ_PERM_SECCOMP_LISTENER, EPERM, SJ_IF(SJ_EQ, 0, SJ_ALL, 1),
             SJ_IF(SJ_NE, 1, 8, 0)), /* SET_MODE_FILTER with NEW_LISTENER */
    SJ_DENY_ALWAYS(memfd_secret, SJ_PERM_MEMFD_SECRET, EPERM),
    SJ_DENY_ALWAYS(remap_file_pages, SJ_PERM_REMAP_FILE_PAGES, EPERM),
    SJ_DENY_ALWAYS(vmsplice, SJ_PERM_VMSPLICE, EPERM),
};
/* clang-format on */

#endif
