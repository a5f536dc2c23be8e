/* The syscall policy as data, and the reference decision. The compiled seccomp filters are made from these tables and
 * tested against sj_syscall() for every number.
 * A rule stands always, or as long as a permission (permissions.h) is not there, or only with one. The first that
 * stands and whose conditions hold decides; with none, the profile's default does. Arguments are compared in their low
 * 32 bits under a mask, because the kernel reads these arguments as int or unsigned int: garbage in the upper half must
 * not get round a rule (CVE-2019-10063, CVE-2019-7303). User space only (x86_64 numbers). */
#ifndef SECMODEL_JAIL_SYSCALL_POLICY_H
#define SECMODEL_JAIL_SYSCALL_POLICY_H

#include "abi/permissions.h"

#ifndef __x86_64__
#error "the syscall policy is written for x86_64"
#endif

/* Numbers newer than the headers this may be built with (Linux 6.5 to 6.17). */
#ifndef __NR_uretprobe
#define __NR_uretprobe 335
#endif
#ifndef __NR_uprobe
#define __NR_uprobe 336
#endif
#ifndef __NR_cachestat
#define __NR_cachestat 451
#endif
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif
#ifndef __NR_map_shadow_stack
#define __NR_map_shadow_stack 453
#endif
#ifndef __NR_futex_wake
#define __NR_futex_wake 454
#endif
#ifndef __NR_futex_wait
#define __NR_futex_wait 455
#endif
#ifndef __NR_futex_requeue
#define __NR_futex_requeue 456
#endif
#ifndef __NR_statmount
#define __NR_statmount 457
#endif
#ifndef __NR_listmount
#define __NR_listmount 458
#endif
#ifndef __NR_lsm_get_self_attr
#define __NR_lsm_get_self_attr 459
#endif
#ifndef __NR_lsm_set_self_attr
#define __NR_lsm_set_self_attr 460
#endif
#ifndef __NR_lsm_list_modules
#define __NR_lsm_list_modules 461
#endif
#ifndef __NR_mseal
#define __NR_mseal 462
#endif
#ifndef __NR_setxattrat
#define __NR_setxattrat 463
#endif
#ifndef __NR_getxattrat
#define __NR_getxattrat 464
#endif
#ifndef __NR_listxattrat
#define __NR_listxattrat 465
#endif
#ifndef __NR_removexattrat
#define __NR_removexattrat 466
#endif
#ifndef __NR_open_tree_attr
#define __NR_open_tree_attr 467
#endif
#ifndef __NR_file_getattr
#define __NR_file_getattr 468
#endif
#ifndef __NR_file_setattr
#define __NR_file_setattr 469
#endif
#define SJ_NR(name) __NR_##name
#define SJ_SYSCALL_KNOWN_MAX __NR_file_setattr /* numbers above: ENOSYS in every profile */

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

/* clang-format off: a table is read by its lines */
static const struct sj_syscall_rule sj_syscall_rules[] = {
    /* Namespaces: none may be made (with userns, by the kernel's own rules) or entered. clone3's flags stand behind a
     * pointer (CVE-2021-41133); libc falls back. */
    SJ_DENY_ALWAYS(clone3, SJ_ALWAYS, ENOSYS),
    SJ_RULE1(clone, SJ_PERM_USERNS, EPERM, SJ_IF(SJ_NE, 0, SJ_CLONE_NEW, 0)),
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

/* The second filter, which the anchor puts on each command that it forks where there is no_new_privs (without, a filter
 * needs CAP_SYS_ADMIN): it uses CLONE_PARENT itself, and nobody else needs to (W04). */
SJ_TABLE struct sj_syscall_rule sj_command_rule = SJ_RULE1(clone, SJ_PERM_SUID, EPERM, SJ_IF(SJ_NE, 0, 0x8000, 0));

/* What `high` allows where no rule speaks; every other number up to SJ_SYSCALL_KNOWN_MAX gives EPERM there. */
static const __u16 sj_high_allow[] = {
    SJ_NR(read),
    SJ_NR(write),
    SJ_NR(open),
    SJ_NR(close),
    SJ_NR(stat),
    SJ_NR(fstat),
    SJ_NR(lstat),
    SJ_NR(poll),
    SJ_NR(lseek),
    SJ_NR(mmap),
    SJ_NR(mprotect),
    SJ_NR(munmap),
    SJ_NR(brk),
    SJ_NR(rt_sigaction),
    SJ_NR(rt_sigprocmask),
    SJ_NR(rt_sigreturn),
    SJ_NR(ioctl),
    SJ_NR(pread64),
    SJ_NR(pwrite64),
    SJ_NR(readv),
    SJ_NR(writev),
    SJ_NR(access),
    SJ_NR(pipe),
    SJ_NR(select),
    SJ_NR(sched_yield),
    SJ_NR(mremap),
    SJ_NR(msync),
    SJ_NR(mincore),
    SJ_NR(madvise),
    SJ_NR(dup),
    SJ_NR(dup2),
    SJ_NR(pause),
    SJ_NR(nanosleep),
    SJ_NR(getitimer),
    SJ_NR(alarm),
    SJ_NR(setitimer),
    SJ_NR(getpid),
    SJ_NR(sendfile),
    SJ_NR(socket),
    SJ_NR(connect),
    SJ_NR(accept),
    SJ_NR(sendto),
    SJ_NR(recvfrom),
    SJ_NR(sendmsg),
    SJ_NR(recvmsg),
    SJ_NR(shutdown),
    SJ_NR(bind),
    SJ_NR(listen),
    SJ_NR(getsockname),
    SJ_NR(getpeername),
    SJ_NR(socketpair),
    SJ_NR(setsockopt),
    SJ_NR(getsockopt),
    SJ_NR(clone),
    SJ_NR(fork),
    SJ_NR(vfork),
    SJ_NR(execve),
    SJ_NR(exit),
    SJ_NR(wait4),
    SJ_NR(kill),
    SJ_NR(uname),
    SJ_NR(fcntl),
    SJ_NR(flock),
    SJ_NR(fsync),
    SJ_NR(fdatasync),
    SJ_NR(truncate),
    SJ_NR(ftruncate),
    SJ_NR(getdents),
    SJ_NR(getcwd),
    SJ_NR(chdir),
    SJ_NR(fchdir),
    SJ_NR(rename),
    SJ_NR(mkdir),
    SJ_NR(rmdir),
    SJ_NR(creat),
    SJ_NR(link),
    SJ_NR(unlink),
    SJ_NR(symlink),
    SJ_NR(readlink),
    SJ_NR(chmod),
    SJ_NR(fchmod),
    SJ_NR(chown),
    SJ_NR(fchown),
    SJ_NR(lchown),
    SJ_NR(umask),
    SJ_NR(gettimeofday),
    SJ_NR(getrlimit),
    SJ_NR(getrusage),
    SJ_NR(sysinfo),
    SJ_NR(times),
    SJ_NR(getuid),
    SJ_NR(getgid),
    SJ_NR(setuid),
    SJ_NR(setgid),
    SJ_NR(geteuid),
    SJ_NR(getegid),
    SJ_NR(setpgid),
    SJ_NR(getppid),
    SJ_NR(getpgrp),
    SJ_NR(setsid),
    SJ_NR(setreuid),
    SJ_NR(setregid),
    SJ_NR(getgroups),
    SJ_NR(setgroups),
    SJ_NR(setresuid),
    SJ_NR(getresuid),
    SJ_NR(setresgid),
    SJ_NR(getresgid),
    SJ_NR(getpgid),
    SJ_NR(setfsuid),
    SJ_NR(setfsgid),
    SJ_NR(getsid),
    SJ_NR(capget),
    SJ_NR(capset),
    SJ_NR(rt_sigpending),
    SJ_NR(rt_sigtimedwait),
    SJ_NR(rt_sigqueueinfo),
    SJ_NR(rt_sigsuspend),
    SJ_NR(sigaltstack),
    SJ_NR(utime),
    SJ_NR(mknod),
    SJ_NR(personality),
    SJ_NR(statfs),
    SJ_NR(fstatfs),
    SJ_NR(getpriority),
    SJ_NR(setpriority),
    SJ_NR(sched_setparam),
    SJ_NR(sched_getparam),
    SJ_NR(sched_setscheduler),
    SJ_NR(sched_getscheduler),
    SJ_NR(sched_get_priority_max),
    SJ_NR(sched_get_priority_min),
    SJ_NR(sched_rr_get_interval),
    SJ_NR(mlock),
    SJ_NR(munlock),
    SJ_NR(mlockall),
    SJ_NR(munlockall),
    SJ_NR(prctl),
    SJ_NR(arch_prctl),
    SJ_NR(setrlimit),
    SJ_NR(sync),
    SJ_NR(gettid),
    SJ_NR(readahead),
    SJ_NR(setxattr),
    SJ_NR(lsetxattr),
    SJ_NR(fsetxattr),
    SJ_NR(getxattr),
    SJ_NR(lgetxattr),
    SJ_NR(fgetxattr),
    SJ_NR(listxattr),
    SJ_NR(llistxattr),
    SJ_NR(flistxattr),
    SJ_NR(removexattr),
    SJ_NR(lremovexattr),
    SJ_NR(fremovexattr),
    SJ_NR(tkill),
    SJ_NR(time),
    SJ_NR(futex),
    SJ_NR(sched_setaffinity),
    SJ_NR(sched_getaffinity),
    SJ_NR(set_thread_area),
    SJ_NR(io_setup),
    SJ_NR(io_destroy),
    SJ_NR(io_getevents),
    SJ_NR(io_submit),
    SJ_NR(io_cancel),
    SJ_NR(get_thread_area),
    SJ_NR(epoll_create),
    SJ_NR(getdents64),
    SJ_NR(set_tid_address),
    SJ_NR(restart_syscall),
    SJ_NR(fadvise64),
    SJ_NR(timer_create),
    SJ_NR(timer_settime),
    SJ_NR(timer_gettime),
    SJ_NR(timer_getoverrun),
    SJ_NR(timer_delete),
    SJ_NR(clock_gettime),
    SJ_NR(clock_getres),
    SJ_NR(clock_nanosleep),
    SJ_NR(exit_group),
    SJ_NR(epoll_wait),
    SJ_NR(epoll_ctl),
    SJ_NR(tgkill),
    SJ_NR(utimes),
    SJ_NR(mq_open),
    SJ_NR(mq_unlink),
    SJ_NR(mq_timedsend),
    SJ_NR(mq_timedreceive),
    SJ_NR(mq_notify),
    SJ_NR(mq_getsetattr),
    SJ_NR(waitid),
    SJ_NR(ioprio_set),
    SJ_NR(ioprio_get),
    SJ_NR(inotify_init),
    SJ_NR(inotify_add_watch),
    SJ_NR(inotify_rm_watch),
    SJ_NR(openat),
    SJ_NR(mkdirat),
    SJ_NR(mknodat),
    SJ_NR(fchownat),
    SJ_NR(futimesat),
    SJ_NR(newfstatat),
    SJ_NR(unlinkat),
    SJ_NR(renameat),
    SJ_NR(linkat),
    SJ_NR(symlinkat),
    SJ_NR(readlinkat),
    SJ_NR(fchmodat),
    SJ_NR(faccessat),
    SJ_NR(pselect6),
    SJ_NR(ppoll),
    SJ_NR(unshare),
    SJ_NR(set_robust_list),
    SJ_NR(get_robust_list),
    SJ_NR(splice),
    SJ_NR(tee),
    SJ_NR(sync_file_range),
    SJ_NR(utimensat),
    SJ_NR(epoll_pwait),
    SJ_NR(signalfd),
    SJ_NR(timerfd_create),
    SJ_NR(eventfd),
    SJ_NR(fallocate),
    SJ_NR(timerfd_settime),
    SJ_NR(timerfd_gettime),
    SJ_NR(accept4),
    SJ_NR(signalfd4),
    SJ_NR(eventfd2),
    SJ_NR(epoll_create1),
    SJ_NR(dup3),
    SJ_NR(pipe2),
    SJ_NR(inotify_init1),
    SJ_NR(preadv),
    SJ_NR(pwritev),
    SJ_NR(rt_tgsigqueueinfo),
    SJ_NR(recvmmsg),
    SJ_NR(fanotify_mark),
    SJ_NR(prlimit64),
    SJ_NR(syncfs),
    SJ_NR(sendmmsg),
    SJ_NR(getcpu),
    SJ_NR(sched_setattr),
    SJ_NR(sched_getattr),
    SJ_NR(renameat2),
    SJ_NR(seccomp),
    SJ_NR(getrandom),
    SJ_NR(memfd_create),
    SJ_NR(execveat),
    SJ_NR(membarrier),
    SJ_NR(mlock2),
    SJ_NR(copy_file_range),
    SJ_NR(preadv2),
    SJ_NR(pwritev2),
    SJ_NR(pkey_mprotect),
    SJ_NR(pkey_alloc),
    SJ_NR(pkey_free),
    SJ_NR(statx),
    SJ_NR(io_pgetevents),
    SJ_NR(rseq),
    SJ_NR(pidfd_send_signal),
    SJ_NR(close_range),
    SJ_NR(openat2),
    SJ_NR(faccessat2),
    SJ_NR(epoll_pwait2),
    SJ_NR(landlock_create_ruleset),
    SJ_NR(landlock_add_rule),
    SJ_NR(landlock_restrict_self),
    SJ_NR(futex_waitv),
    SJ_NR(cachestat),
    SJ_NR(fchmodat2),
    SJ_NR(map_shadow_stack),
    SJ_NR(futex_wake),
    SJ_NR(futex_wait),
    SJ_NR(futex_requeue),
    SJ_NR(mseal),
    SJ_NR(setxattrat),
    SJ_NR(getxattrat),
    SJ_NR(listxattrat),
    SJ_NR(removexattrat),
    SJ_NR(file_getattr),
    /* Answered by the kernel itself from trampolines of the administrator's probes; a refusal would end the process. */
    SJ_NR(uretprobe),
    SJ_NR(uprobe),
    SJ_NR(statmount),
    SJ_NR(listmount),
    /* Those of permissions: refused by a rule above where the permission is not there. */
    SJ_NR(chroot),
    SJ_NR(name_to_handle_at),
    SJ_NR(adjtimex),
    SJ_NR(clock_adjtime),
    SJ_NR(pidfd_open),
    SJ_NR(pidfd_getfd),
    SJ_NR(kcmp),
    SJ_NR(process_vm_readv),
    SJ_NR(process_vm_writev),
    SJ_NR(ptrace),
    SJ_NR(mbind),
    SJ_NR(set_mempolicy),
    SJ_NR(set_mempolicy_home_node),
    SJ_NR(io_uring_setup),
    SJ_NR(io_uring_enter),
    SJ_NR(io_uring_register),
    SJ_NR(shmget),
    SJ_NR(shmat),
    SJ_NR(shmctl),
    SJ_NR(shmdt),
    SJ_NR(semget),
    SJ_NR(semop),
    SJ_NR(semctl),
    SJ_NR(semtimedop),
    SJ_NR(msgget),
    SJ_NR(msgsnd),
    SJ_NR(msgrcv),
    SJ_NR(msgctl),
    SJ_NR(modify_ldt),
    SJ_NR(memfd_secret),
    SJ_NR(remap_file_pages),
    SJ_NR(vmsplice),
};

/* clang-format on */

static inline int sj_high_allows(__u32 nr)
{
	for (unsigned i = 0; i < SJ_COUNT(sj_high_allow); i++)
		if (sj_high_allow[i] == nr)
			return 1;
	return 0;
}

/* The profile's answer for a number without (applying) rule: 0 allow, else an errno. */
static inline int sj_syscall_default(__u32 profile, __u32 nr)
{
	if (nr > SJ_SYSCALL_KNOWN_MAX)
		return ENOSYS;
	if (profile == SJ_PROFILE_HIGH && !sj_high_allows(nr))
		return EPERM;
	return 0;
}

static inline int sj_rule_stands(const struct sj_syscall_rule *r, __u64 permissions)
{
	return (r->unless == SJ_PERM_NONE || !sj_has(permissions, r->unless)) &&
	       (r->with == SJ_PERM_NONE || sj_has(permissions, r->with));
}

/* Is the call one that the supervisor answers, and so counts? ENOSYS is answered by the filter alone: programs ask
 * whether the kernel has a call (libc's clone3 at each fork) and take another, so nothing was denied. */
static inline int sj_is_told(int error)
{
	return error != 0 && error != ENOSYS;
}

/* Does the supervisor hold the filter's listener? The kernel takes one for each task, so a jail whose programs may have
 * their own has a filter that answers everything itself: nothing is told, and no call is made in the caller's name. */
static inline int sj_has_listener(__u64 permissions)
{
	return !sj_has(permissions, SJ_PERM_SECCOMP_LISTENER);
}

static inline int sj_condition_holds(const struct sj_condition *c, const __u64 *args)
{
	switch (c->op) {
	case SJ_EQ:
		return ((__u32)args[c->arg] & c->mask) == c->value;
	case SJ_NE:
		return ((__u32)args[c->arg] & c->mask) != c->value;
	case SJ_NONZERO64:
		return args[c->arg] != 0;
	default:
		return 1;
	}
}

/* The reference: what must the filter of `profile` with these permissions in force answer? 0 allow, else the errno. */
static inline int sj_syscall(__u32 profile, __u64 permissions, __u32 nr, const __u64 *args)
{
	for (unsigned i = 0; i < SJ_COUNT(sj_syscall_rules); i++) {
		const struct sj_syscall_rule *r = &sj_syscall_rules[i];

		if (r->nr == nr && sj_rule_stands(r, permissions) && sj_condition_holds(&r->when[0], args) &&
		    sj_condition_holds(&r->when[1], args))
			return r->error;
	}
	return sj_syscall_default(profile, nr);
}

#endif
