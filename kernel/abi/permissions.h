/* Single permissions, granted or taken by name on top of a profile: the one table that the filter, the capability sets,
 * the launch, the anchor's self-check, the option check, `jailctl profile` and the tests are made from.
 * A permission is what it adds in capabilities (here), which rules speak of it (syscall_policy.h), and for a few what
 * the launch does with it (launch/root.cpp, child.cpp: SUID, PROC_SYSTEM, SYSFS, CORE_DUMPS). None may equal root of
 * the host; what would is in sj_never, with the reason. User space only. */
#ifndef SECMODEL_JAIL_PERMISSIONS_H
#define SECMODEL_JAIL_PERMISSIONS_H

#include "abi/secmodel_jail.h"

#include <asm/unistd.h>
#include <linux/capability.h>
#include <linux/errno.h> /* and not errno.h: the anchor has no C library */

#ifdef __cplusplus
#define SJ_TABLE static constexpr
#else
#define SJ_TABLE static const
#endif

#define SJ_CAP(name) (1ULL << CAP_##name)
#define SJ_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SJ_L (1 << SJ_PROFILE_LOW)
#define SJ_M (1 << SJ_PROFILE_MEDIUM)
#define SJ_H (1 << SJ_PROFILE_HIGH)
#define SJ_LM (SJ_L | SJ_M)
#define SJ_LMH (SJ_L | SJ_M | SJ_H)

/* Bit numbers in a set of permissions (__u64). Not stored anywhere: what is stored has names. */
enum sj_permission_id {
	SJ_PERM_AUDIT_WRITE,
	SJ_PERM_CHROOT,
	SJ_PERM_CLOCK_READ,
	SJ_PERM_CORE_DUMPS,
	SJ_PERM_FILE_FLAGS,
	SJ_PERM_FILE_HANDLE_NAMES,
	SJ_PERM_IO_URING,
	SJ_PERM_MEMFD_SECRET,
	SJ_PERM_MEMORY_POLICY,
	SJ_PERM_MLOCK,
	SJ_PERM_MODIFY_LDT,
	SJ_PERM_NETLINK_GENERIC,
	SJ_PERM_NETLINK_ROUTE,
	SJ_PERM_NETLINK_UEVENT,
	SJ_PERM_PERSONALITY,
	SJ_PERM_PIDFD_OPEN,
	SJ_PERM_PROC_SYSTEM,
	SJ_PERM_PROCESS_LIST,
	SJ_PERM_PTRACE,
	SJ_PERM_REMAP_FILE_PAGES,
	SJ_PERM_SCHEDULING_READ,
	SJ_PERM_SECCOMP_LISTENER,
	SJ_PERM_SETFCAP,
	SJ_PERM_SOCKET_DIAG,
	SJ_PERM_SUID,
	SJ_PERM_SYSFS,
	SJ_PERM_SYSVIPC,
	SJ_PERM_TRACE_ME,
	SJ_PERM_USERNS,
	SJ_PERM_VMSPLICE,
	SJ_PERMS,
	SJ_PERM_NONE = 255
};

/* A call that does nothing when it is let through and that the filter refuses with `error` without the permission: the
 * anchor makes it before anything of the jail runs. error 0: there is no such call. */
struct sj_probe_call {
	__u16 nr;
	__u16 error;
	__u64 args[4];
};

struct sj_permission {
	const char *name;
	const char *about;  /* one line of at most 72 bytes */
	__u8 profiles;      /* that include it */
	__u8 grantable;     /* profiles on top of which it can be had; holds `profiles` */
	__u64 capabilities; /* that come with it */
	struct sj_probe_call probe;
};

#define SJ_BAD 1ULL /* as a pointer: EFAULT */
#define SJ_NO_FD 0xffffffffULL
#define SJ_NO_CALL {0, 0, {0, 0, 0, 0}}
#define SJ_CALL(name, error, a, b, c, d)                                                                               \
	{                                                                                                              \
		__NR_##name, error,                                                                                    \
		{                                                                                                      \
			a, b, c, d                                                                                     \
		}                                                                                                      \
	}
/* A type that no family has: EINVAL once the filter let it through. */
#define SJ_NETLINK_CALL(protocol) SJ_CALL(socket, EAFNOSUPPORT, 16, 15, protocol, 0)

#ifndef __NR_memfd_secret
#define __NR_memfd_secret 447
#endif

/* clang-format off: a table is read by its lines. In the order of enum sj_permission_id, which is that of the names */
SJ_TABLE struct sj_permission sj_permissions[SJ_PERMS] = {
    {"audit-write", "write records of the host's audit log, as sshd and login do", SJ_L, SJ_LMH, SJ_CAP(AUDIT_WRITE),
     SJ_NETLINK_CALL(9)},
    {"chroot", "chroot(2)", SJ_L, SJ_LMH, SJ_CAP(SYS_CHROOT), SJ_CALL(chroot, EPERM, SJ_BAD, 0, 0, 0)},
    {"clock-read", "adjtimex(2), to read how the clock is kept", SJ_LM, SJ_LMH, 0,
     SJ_CALL(adjtimex, EPERM, SJ_BAD, 0, 0, 0)},
    {"core-dumps", "set the core limit; a crash may then run the host's core dump helper", 0, SJ_LMH, 0,
     SJ_CALL(setrlimit, EPERM, 4, SJ_BAD, 0, 0)},
    {"file-flags", "chattr(1): flags of files, immutable and append-only too", SJ_L, SJ_LMH, SJ_CAP(LINUX_IMMUTABLE),
     SJ_CALL(ioctl, EPERM, SJ_NO_FD, 0x40086602, SJ_BAD, 0)},
    {"file-handle-names", "name_to_handle_at(2); opening a handle stays refused", SJ_L, SJ_LMH, 0,
     SJ_CALL(name_to_handle_at, EPERM, SJ_NO_FD, SJ_BAD, SJ_BAD, SJ_BAD)},
    {"io-uring", "io_uring(7), whose operations no filter sees: any socket family", 0, SJ_L, 0,
     SJ_CALL(io_uring_setup, EPERM, 0, SJ_BAD, 0, 0)},
    {"memfd-secret", "memfd_secret(2)", SJ_LM, SJ_LMH, 0, SJ_CALL(memfd_secret, EPERM, 0x40000000, 0, 0, 0)},
    {"memory-policy", "mbind(2), set_mempolicy(2): placing memory on NUMA nodes", SJ_L, SJ_LMH, 0,
     SJ_CALL(set_mempolicy, EPERM, 99, 0, 0, 0)},
    {"mlock", "lock memory beyond RLIMIT_MEMLOCK; the memory limit still holds", 0, SJ_LMH, SJ_CAP(IPC_LOCK),
     SJ_NO_CALL},
    {"modify-ldt", "modify_ldt(2), for programs of 16 and 32 bits", SJ_L, SJ_LMH, 0,
     SJ_CALL(modify_ldt, EPERM, 99, SJ_BAD, 0, 0)},
    {"netlink-generic", "generic netlink: what drivers and protocols of the host tell", 0, SJ_LMH, 0,
     SJ_NETLINK_CALL(16)},
    {"netlink-route", "rtnetlink, for reading: addresses, routes, getifaddrs(3)", SJ_LMH, SJ_LMH, 0,
     SJ_NETLINK_CALL(0)},
    {"netlink-uevent", "events of the host's devices, as udev gets them", 0, SJ_LMH, 0, SJ_NETLINK_CALL(15)},
    {"personality", "personality(2) with any value", SJ_L, SJ_LMH, 0, SJ_NO_CALL},
    {"pidfd-open", "pidfd_open(2), which tells uid, parent and cgroup of any process id", 0, SJ_LMH, 0,
     SJ_CALL(pidfd_open, EPERM, SJ_NO_FD, 0, 0, 0)},
    {"proc-system", "files of /proc about the machine, read-only: free(1), top(1)", SJ_LM, SJ_LMH, 0, SJ_NO_CALL},
    {"process-list", "root sees, and may read, processes of every uid of the jail", SJ_LM, SJ_LMH, SJ_CAP(SYS_PTRACE),
     SJ_NO_CALL},
    {"ptrace", "trace and read processes of the jail: gdb -p, strace -p", SJ_LM, SJ_LMH, 0,
     SJ_CALL(kcmp, EPERM, SJ_NO_FD, SJ_NO_FD, 99, 0)},
    {"remap-file-pages", "remap_file_pages(2)", SJ_LM, SJ_LMH, 0, SJ_CALL(remap_file_pages, EPERM, 1, 0, 1, 0)},
    {"scheduling-read", "sched_getscheduler(2) and its kin of any process id", SJ_LM, SJ_LMH, 0,
     SJ_CALL(sched_getscheduler, EPERM, SJ_NO_FD, 0, 0, 0)},
    {"seccomp-listener", "seccomp(2) filters that report to a process of the jail; no ledger", 0, SJ_LMH, 0,
     SJ_CALL(seccomp, EPERM, 1, 8, SJ_BAD, 0)},
    {"setfcap", "capabilities of files, as package tools set them", SJ_LM, SJ_LMH, SJ_CAP(SETFCAP), SJ_NO_CALL},
    {"socket-diag", "the list of the machine's sockets: ss(8)", SJ_L, SJ_LMH, 0, SJ_NETLINK_CALL(4)},
    {"suid", "set-user-id programs, file capabilities, clone(CLONE_PARENT)", SJ_LM, SJ_LMH, 0, SJ_NO_CALL},
    {"sysfs", "/sys, read-only and with parts covered", SJ_L, SJ_LMH, 0, SJ_NO_CALL},
    {"sysvipc", "System V shared memory, semaphores and queues of the jail's own", SJ_LM, SJ_LMH, SJ_CAP(IPC_OWNER),
     SJ_CALL(shmdt, EPERM, SJ_BAD, 0, 0, 0)},
    {"trace-me", "PTRACE_TRACEME, by which strace and gdb start programs", SJ_L, SJ_LMH, 0, SJ_NO_CALL},
    {"userns", "user namespaces, and others inside them; mounts stay refused", 0, SJ_L, 0,
     SJ_CALL(unshare, EPERM, 0x10000001, 0, 0, 0)},
    {"vmsplice", "vmsplice(2)", SJ_LM, SJ_LMH, 0, SJ_CALL(vmsplice, EPERM, SJ_NO_FD, SJ_BAD, 1, 0)},
};

/* What people ask for and no permission gives, by the names they would try. */
struct sj_refusal {
	const char *name;
	const char *why; /* completes "is never granted: ..." */
};
SJ_TABLE struct sj_refusal sj_never[] = {
    {"bpf", "programs and maps of the kernel are the host's; they can read and change all of it"},
    {"clock-set", "the clock is the host's"},
    {"file-handles", "open_by_handle_at(2) opens files outside the root"},
    {"keyrings", "they belong to the uid, so the host's user has the same"},
    {"kernel-log", "it tells the host's secrets, and NetBSD keeps it private in every profile"},
    {"mknod", "a device node is the device; the jail's /dev has what it needs"},
    {"modules", "a module is the kernel"},
    {"mount", "CAP_SYS_ADMIN undoes the jail; the administrator mounts with --mount"},
    {"net-admin", "interfaces, routes and firewall are the host's"},
    {"nice", "CAP_SYS_NICE acts on processes of the host; each process can lower its own priority"},
    {"perf", "counters and samples show the host and other jails"},
    {"quotas", "they are the file system's, and so the host's"},
    {"raw-sockets", "on the host's stack they read and forge every packet, ICMP included; ping(8) needs none where "
                    "net.ipv4.ping_group_range of the host has its group"},
    {"reboot", "it reboots the host"},
    {"resource", "CAP_SYS_RESOURCE overrides limits, quotas and reserves of the host"},
    {"set-hostname", "the kernel wants CAP_SYS_ADMIN for it; the administrator sets it with --hostname"},
    {"sysctl", "settings of the kernel are the host's"},
};

/* Capabilities that act on the host as a whole, or undo the jail: never in a jail's bounding set, whatever is granted.
 * Held by a static assertion on the table and by tests. */
#define SJ_CAPS_NEVER                                                                                                  \
	(SJ_CAP(SYS_ADMIN) | SJ_CAP(SYS_MODULE) | SJ_CAP(SYS_RAWIO) | SJ_CAP(SYS_BOOT) | SJ_CAP(SYS_TIME) |            \
	 SJ_CAP(SYS_NICE) | SJ_CAP(SYS_RESOURCE) | SJ_CAP(SYS_PACCT) | SJ_CAP(SYS_TTY_CONFIG) | SJ_CAP(NET_ADMIN) |    \
	 SJ_CAP(NET_RAW) | SJ_CAP(NET_BROADCAST) | SJ_CAP(MKNOD) | SJ_CAP(DAC_READ_SEARCH) | SJ_CAP(LEASE) |           \
	 SJ_CAP(SYSLOG) | SJ_CAP(MAC_ADMIN) | SJ_CAP(MAC_OVERRIDE) | SJ_CAP(AUDIT_CONTROL) | SJ_CAP(AUDIT_READ) |      \
	 SJ_CAP(WAKE_ALARM) | SJ_CAP(BLOCK_SUSPEND) | SJ_CAP(PERFMON) | SJ_CAP(BPF) | SJ_CAP(CHECKPOINT_RESTORE))
/* clang-format on */

#define SJ_BIT(id) (1ULL << (id))

static inline int sj_has(__u64 permissions, unsigned id)
{
	return (permissions >> id & 1) != 0;
}

/* What the profile includes. */
static inline __u64 sj_profile_permissions(__u32 profile)
{
	__u64 set = 0;

	for (unsigned id = 0; id < SJ_PERMS; id++)
		if (sj_permissions[id].profiles & (1U << profile))
			set |= SJ_BIT(id);
	return set;
}

/* What is in force: the profile's, and what was granted, without what was taken. */
static inline __u64 sj_effective_permissions(__u32 profile, __u64 allow, __u64 deny)
{
	return (sj_profile_permissions(profile) | allow) & ~deny;
}

#endif
