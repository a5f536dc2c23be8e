/* What the kernel side and the user side of secmodel_jail share: keys, values and the pure decision functions.
 * C, no includes beyond fixed-size integers, so that it compiles as BPF, as C and as C++ alike.
 * Every multi-byte integer is in host byte order unless its name ends in _be. */
#ifndef SECMODEL_JAIL_ABI_H
#define SECMODEL_JAIL_ABI_H

#ifdef __bpf__
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
#else
#include <linux/types.h>
#endif

/* Raised when a layout below changes; user space refuses tables of another version. In each of them the version stands
 * first in "settings", the name in "jails", count and sysctl_added in "ports": another version's programs name the
 * jails by that, and give the ports back. */
#define SJ_ABI_VERSION 4

#define SJ_NAME_MAX 63    /* bytes, without the terminating NUL */
#define SJ_ROOT_MAX 255   /* bytes, without the terminating NUL */
#define SJ_PORTS_MAX 32   /* reservations of one jail */
#define SJ_JAILS_MAX 1024 /* jails registered at one time */
#define SJ_CLAIMS_MAX 8   /* claims on one port, by protocol and address */
#define SJ_GRANTS_MAX 32  /* destinations on this host that one jail may call */
#define SJ_ADDRS_MAX 8    /* addresses one jail is pinned to */
#define SJ_PEERS_MAX 32   /* senders that one UDP socket of a jail remembers */
#define SJ_CPU_SECONDS 16 /* ring of per-second CPU buckets; 10 are reported */

#define SJ_HOST 0 /* the jid of everything that is in no jail */

enum sj_profile { SJ_PROFILE_LOW = 0, SJ_PROFILE_MEDIUM = 1, SJ_PROFILE_HIGH = 2 };

enum sj_proto { SJ_TCP = 1, SJ_UDP = 2 }; /* bits; UDP includes UDP-Lite, TCP includes MPTCP */

/* An address that narrows a reservation. family 0: any address of any family. IPv4 stands in addr_be[0], the other
 * words are 0. Words rather than bytes: the bind hooks compare four of them. */
struct sj_addr {
	__u32 family; /* 0, 4 or 6 */
	__u32 addr_be[4];
};

struct sj_port {
	__u16 port;
	__u8 protos;       /* SJ_TCP | SJ_UDP */
	__u8 sysctl_added; /* we put the port into net.ipv4.ip_local_reserved_ports */
	struct sj_addr at;
};

/* What a jail may call on its own host: a jail's reserved ports by the jail's name (at.family 0), or an address. */
struct sj_grant {
	struct sj_addr at;
	__u16 port;  /* 0, with a name only: every port that jail reserved */
	__u8 protos; /* SJ_TCP | SJ_UDP */
	__u8 unused;
	char name[SJ_NAME_MAX + 1];
};

/* Table "jails": jid -> row. The truth about which jails exist. */
struct sj_jail {
	char name[SJ_NAME_MAX + 1];
	char root[SJ_ROOT_MAX + 1];
	__u64 cgroup_id;  /* of the jail's v2 cgroup; 0 until it is made */
	__u64 created_ns; /* CLOCK_BOOTTIME */
	__u32 profile;    /* enum sj_profile */
	__u32 nports;
	__u32 anchor;     /* pid of the anchor while it runs, 0 otherwise */
	__u32 supervisor; /* pid of the supervisor while it runs, 0 otherwise */
	__u32 restarts;   /* of its command, by the supervisor, since it was registered */
	__u32 oom_kills;  /* in cgroups that it had before the one it has now */
	__u64 files;      /* how many it may have open while it runs; 0: any number, or not counted */
	struct sj_port ports[SJ_PORTS_MAX];
	__u32 ngrants;
	__u32 naddrs; /* 0: every address of the host */
	struct sj_grant grants[SJ_GRANTS_MAX];
	struct sj_addr addrs[SJ_ADDRS_MAX];
};

/* Table "members": v2 cgroup id -> what the hot paths need to know of a jail. */
struct sj_member {
	__u32 jid;
	__u32 profile;
	__u32 quiet; /* what tasks are refused is not recorded: the anchor, or `jailctl verify`, tries the guards */
	__u32 naddrs;
	__u64 files; /* as in struct sj_jail */
	struct sj_addr addrs[SJ_ADDRS_MAX];
};

/* Table "grants": what a jail may call on its host -> protocols (u32). Derived from the rows of "jails". The name stays
 * a name: it is compared with that of the jail which has the port reserved at the time of the call, so that jail may
 * come, go and come back with another jid. */
struct sj_grant_key {
	__u32 jid;
	__u32 port;
	struct sj_addr at;
	char name[SJ_NAME_MAX + 1];
};

/* Table "peers", in the storage of each UDP socket of a jail: who on this host has sent to it, the latest ones. */
struct sj_peer {
	struct sj_addr at; /* family 0: an empty slot */
	__u32 port;
};
struct sj_peers {
	__u32 next; /* the slot that is written next, modulo SJ_PEERS_MAX */
	struct sj_peer peer[SJ_PEERS_MAX];
};

/* Table "ports": port number (u32) -> claims. Derived from the rows of "jails". */
struct sj_claim {
	__u32 jid;
	__u32 protos; /* SJ_TCP | SJ_UDP */
	struct sj_addr at;
};
struct sj_port_row {
	__u32 count;
	__u32 sysctl_added; /* as in the claims' sj_port; here also before the jail's row is written */
	struct sj_claim claim[SJ_CLAIMS_MAX];
};

/* Table "reserved": a bitmap of the ports that have a row in "ports", so that a bind of any other port costs one
 * inlined array lookup. Word i holds the ports 64 * i to 64 * i + 63, the lowest in bit 0. */
#define SJ_RESERVED_WORDS 1024

/* Table "settings": one row. */
struct sj_settings {
	__u32 abi_version;
	__u32 next_jid;      /* the jid the next create gets; never goes back */
	__u64 netns_cookie;  /* SO_NETNS_COOKIE of the host's network namespace: the rules speak of its ports only */
	__u64 parent_cgroup; /* id of the jails' parent v2 cgroup, where the jail-side programs hang */
	__u64 root_cgroup;   /* id of the v2 cgroup where the bind programs hang */
	__u64 programs;      /* hash of the program files that are loaded: another build replaces them */
	__u64 change;        /* grows with each change of the tables; odd while one is under way or was cut off */
	__u32 jail_level;    /* level of a jail's cgroup in the whole v2 tree: its parent's + 1 */
	__u32 cpus;          /* possible CPUs: values in a row of a per-CPU table */
	__u32 second_line;   /* the BPF LSM programs are loaded: this kernel takes them (abi/second_line.h) */
	__u32 unused;
};

/* Packets that sockets of a jail sent or got, loopback included, as IP sees them: the bytes with its header, and of
 * what the kernel carries in one piece (GSO, GRO) the header once and the packets that it stands for. What a network
 * rate drops is among them. */
struct sj_traffic {
	__u64 bytes;
	__u64 packets;
};

/* Table "cpu", per CPU (each CPU writes its own row): jid -> what is counted there. CPU time is in a ring of seconds of
 * CLOCK_MONOTONIC; only the scheduler writes it, so no update is lost and none is atomic. The traffic is added to by
 * tasks and by softirqs that interrupt them: atomically. */
struct sj_cpu {
	__u64 total_ns;
	__u64 until_ns;               /* end of the last slice counted */
	__u64 second[SJ_CPU_SECONDS]; /* the second (now / 1e9) that slot i holds */
	__u64 used_ns[SJ_CPU_SECONDS];
	struct sj_traffic in, out;
};

/* Table "running", per CPU: which jail's task is on it now, since when. Not yet counted in "cpu" unless until_ns there
 * is later than since_ns. */
struct sj_running {
	__u64 since_ns;
	__u64 jid;
	__u64 cgroup; /* id of that task's, where jid is not SJ_HOST */
};

#define SJ_UNKNOWN_PAGES (~0ull)

/* What the task iterator writes for each jailed thread group leader, and for each other jailed thread that is on a CPU.
 */
struct sj_task_row {
	__u32 jid;
	__u32 pid; /* 0: not a leader, the row speaks of its slice alone */
	__u32 threads;
	__u32 is_anchor;
	__u64 vmem_pages;
	__u64 rss_pages; /* SJ_UNKNOWN_PAGES: this kernel counts them otherwise */
	__u32 cpu;
	__u32 on_cpu;
	__u64 slice_from_ns; /* on_cpu: since when, as the scheduler's own figures say */
};

/* Table "denied": jid (SJ_HOST too) -> how often each rule refused. What was refused to whom is in abi/denials.h. */
enum sj_rule {
	SJ_RULE_BIND_OWNED,      /* bind of a port that another jail owns */
	SJ_RULE_BIND_UNRESERVED, /* bind of a port that the jail did not reserve */
	SJ_RULE_LISTEN_UNBOUND,  /* connection to a port that the jail does not own */
	SJ_RULE_DEVICE,          /* a device outside the list */
	SJ_RULE_SYSCTL,          /* write of a sysctl */
	SJ_RULE_CALL_HOST,       /* a service of the host, by loopback or one of the host's own addresses */
	SJ_RULE_CALL_JAIL,       /* a port that another jail reserved, without permission */
	SJ_RULE_CALL_NEAR,       /* a link-local, multicast or broadcast address, without permission */
	SJ_RULE_ADDRESS,         /* an address that the jail is not pinned to, as source or at bind */
	SJ_RULE_BIND_SHARED,     /* bind of a port that a process outside the jail serves (SO_REUSEPORT) */
	SJ_RULE_SIGNAL,          /* signal into a jail or out of one */
	SJ_RULE_TRACE,           /* ptrace, or what asks for the same right, into a jail or out of one */
	SJ_RULE_ADJUST,          /* limits, priority or scheduling of a process, into a jail or out of one */
	SJ_RULE_BIND_ABSTRACT,   /* bind of a name in the host's abstract namespace of unix sockets */
	SJ_RULE_FILES,           /* one more open file than the jail may have */
	SJ_RULE_SYSCALL,         /* system call; counted by the jail's supervisor, in "denied_calls" */
	SJ_RULE_CALL_ABSTRACT, /* call of a name in the abstract namespace, outside the jail; from here on what Landlock
	                        * refuses, counted by the jail's supervisor, in "denied_landlock" */
	SJ_RULE_LANDLOCK,      /* another act that Landlock refuses */
	SJ_RULES
};
#define SJ_PROGRAM_RULES (SJ_RULE_SYSCALL + 1) /* those before it are counted by programs */
struct sj_denied {
	__u64 count[SJ_PROGRAM_RULES];
	__u64 files_open; /* by a jail with a limit of them, where BPF LSM counts them */
	__u64 files_peak;
};

/* Table "denied_landlock": jid -> what Landlock refused, as the supervisor learns from the host's audit records. Its
 * rows of the ledger have the rules SJ_RULE_SIGNAL and SJ_RULE_TRACE too, which programs enter for the host only. */
enum sj_landlock_count {
	SJ_LANDLOCK_SIGNAL,
	SJ_LANDLOCK_TRACE,
	SJ_LANDLOCK_ABSTRACT,
	SJ_LANDLOCK_OTHER,
	SJ_LANDLOCK_COUNTS
};
struct sj_denied_landlock {
	__u64 count[SJ_LANDLOCK_COUNTS];
	__u64 unread;  /* records that came faster than they were read */
	__u64 unclear; /* records without that of the system call: who it was, and whether it failed, is not known */
};

#define SJ_ALLOW 1
#define SJ_DENY 0
#define SJ_NO_RULE SJ_RULES /* nothing refuses */

static inline int sj_addr_is_any(const struct sj_addr *a)
{
	return (a->addr_be[0] | a->addr_be[1] | a->addr_be[2] | a->addr_be[3]) == 0;
}

static inline int sj_addr_same(const struct sj_addr *a, const struct sj_addr *b)
{
	return a->family == b->family && a->addr_be[0] == b->addr_be[0] && a->addr_be[1] == b->addr_be[1] &&
	       a->addr_be[2] == b->addr_be[2] && a->addr_be[3] == b->addr_be[3];
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SJ_V4MAPPED_BE 0xffff0000u
#else
#define SJ_V4MAPPED_BE 0x0000ffffu
#endif

/* v4-mapped IPv6 (::ffff:a.b.c.d) becomes IPv4, so that one address has one form. */
static inline void sj_addr_normalise(struct sj_addr *a)
{
	if (a->family != 6 || a->addr_be[0] != 0 || a->addr_be[1] != 0 || a->addr_be[2] != SJ_V4MAPPED_BE)
		return;
	a->family = 4;
	a->addr_be[0] = a->addr_be[3];
	a->addr_be[2] = 0;
	a->addr_be[3] = 0;
}

/* The bit of an IP protocol number; 0: a protocol without ports of this table. */
static inline __u32 sj_proto_bit(__u32 protocol)
{
	switch (protocol) {
	case 6:   /* TCP */
	case 262: /* MPTCP */
		return SJ_TCP;
	case 17:  /* UDP */
	case 136: /* UDP-Lite */
		return SJ_UDP;
	default:
		return 0;
	}
}

/* Does binding `want` take (part of) what `claim` stands for? A wildcard bind takes every address of its family, and
 * :: takes IPv4 as well: whether the socket is IPV6_V6ONLY is not known to the hook, so the answer is the strict one.
 */
static inline int sj_claim_touches(const struct sj_claim *claim, __u32 proto, const struct sj_addr *want)
{
	if (!(claim->protos & proto))
		return 0;
	if (claim->at.family == 0)
		return 1;
	if (sj_addr_is_any(want))
		return want->family == 6 || claim->at.family == want->family;
	return sj_addr_same(&claim->at, want);
}

/* Does `claim` stand for all that binding `want` takes? A claim narrowed to an address does not cover a wildcard. */
static inline int sj_claim_covers(const struct sj_claim *claim, __u32 proto, const struct sj_addr *want)
{
	return (claim->protos & proto) && (claim->at.family == 0 || sj_addr_same(&claim->at, want));
}

/* May `jid` bind `want` on a port whose row is `row`? `want` is normalised. Owner: allow. Anyone else, host root
 * included: deny. A port that nobody's claim touches at this address is none of this function's business: allow. */
static inline int sj_reserved_bind(const struct sj_port_row *row, __u32 jid, __u32 proto, const struct sj_addr *want)
{
	__u32 i;

	for (i = 0; i < SJ_CLAIMS_MAX; i++) {
		if (i >= row->count)
			break;
		if (row->claim[i].jid != jid && sj_claim_touches(&row->claim[i], proto, want))
			return SJ_DENY;
	}
	return SJ_ALLOW;
}

/* Does `jid` own `want` on the port? */
static inline int sj_owns(const struct sj_port_row *row, __u32 jid, __u32 proto, const struct sj_addr *want)
{
	__u32 i;

	for (i = 0; i < SJ_CLAIMS_MAX; i++) {
		if (i >= row->count)
			break;
		if (row->claim[i].jid == jid && sj_claim_covers(&row->claim[i], proto, want))
			return 1;
	}
	return 0;
}

/* May a jail of `profile` bind a port that it did not reserve? Port 0 (the kernel picks) always; low follows the
 * ordinary rules for ports from 1024 on; medium and high only have the ports they reserved. */
static inline int sj_unreserved_bind(__u32 profile, __u32 port)
{
	if (port == 0)
		return SJ_ALLOW;
	return profile == SJ_PROFILE_LOW && port >= 1024 ? SJ_ALLOW : SJ_DENY;
}

/* May a jail of `profile` accept TCP connections on a port it does not own? */
static inline int sj_unreserved_listen(__u32 profile, __u32 port)
{
	return profile == SJ_PROFILE_LOW && port >= 1024 ? SJ_ALLOW : SJ_DENY;
}

/* The devices a jail may open: what its own /dev holds. type 1 block, 2 char (BPF_DEVCG_DEV_*); access bits 1 mknod,
 * 2 read, 4 write (BPF_DEVCG_ACC_*). */
static inline int sj_device(__u32 type, __u32 access, __u32 major, __u32 minor)
{
	if (type != 2 || (access & 1))
		return SJ_DENY;
	if (major == 1) /* null zero full random urandom */
		return minor == 3 || minor == 5 || minor == 7 || minor == 8 || minor == 9;
	if (major == 5) /* tty ptmx */
		return minor == 0 || minor == 2;
	return major >= 136 && major <= 143; /* pts */
}

#endif
