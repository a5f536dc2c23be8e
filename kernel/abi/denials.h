/* The ledger of denials: what was refused to whom, how often, when. Written at the place that refuses, read by
 * `jailctl why`. The counters of struct sj_denied are exact whatever happens here.
 * A plain hash, and no LRU: in an LRU a jail that is refused many different things would push out the rows of others,
 * and the first of its own. Here each jail has a share for each rule; what finds its share full is counted in the
 * rule's head row, so the rows of a rule always add up. */
#ifndef SECMODEL_JAIL_DENIALS_H
#define SECMODEL_JAIL_DENIALS_H

#include "abi/secmodel_jail.h"

#define SJ_LEDGER_ROWS 16384 /* of all jails; bucket heads of 256 KiB, rows are allocated as they come */
#define SJ_LEDGER_SHARE 64   /* rows of one jail and rule, beside the head */
#define SJ_COMM 16
#define SJ_SYSCTL_NAME 48
#define SJ_CALL_ARGS 3
#define SJ_ABSTRACT_NAME 48
#define SJ_OUTSIDE 0xffffffffU /* a jid that no jail has */

struct sj_port_object {
	__u32 port;
	__u32 protos; /* one of SJ_TCP, SJ_UDP */
	struct sj_addr at;
};

/* What of a process was to be changed (SJ_RULE_ADJUST). */
enum sj_adjusted { SJ_LIMIT, SJ_NICE, SJ_SCHEDULER, SJ_IO_PRIORITY, SJ_MEMORY_NODE };

/* What was refused; which member counts follows from the rule. What is not used is 0. */
struct sj_object {
	union {
		struct sj_port_object port;
		struct {
			__u32 type;   /* BPF_DEVCG_DEV_*: 1 block, 2 character */
			__u32 access; /* BPF_DEVCG_ACC_*: 1 mknod, 2 read, 4 write */
			__u32 major;
			__u32 minor;
		} device;
		char sysctl[SJ_SYSCTL_NAME]; /* below /proc/sys, cut */
		struct {
			__u32 nr;
			__u32 args; /* bit i: argument i tells; they stand in arg, the lowest first */
			__u64 arg[SJ_CALL_ARGS];
		} call;
		struct {
			__u32 jid; /* of the process that it was done to; SJ_OUTSIDE: not of this jail, no more is known
			            */
			__u32 what;         /* SJ_RULE_SIGNAL: the signal; SJ_RULE_ADJUST: enum sj_adjusted */
			char name[SJ_COMM]; /* SJ_OUTSIDE: comm of that process; empty: not known */
		} process;
		char abstract[SJ_ABSTRACT_NAME]; /* without the leading NUL, cut; SJ_RULE_LANDLOCK: what and where */
		__u64 files;                     /* how many the jail may have */
	};
};

/* Table "ledger": key -> row. Where object and comm are all 0 it is the head row of the jail's rule: its count is what
 * found no row of its own, `listed` how many rows the rule has beside it. */
struct sj_ledger_key {
	__u32 jid;  /* SJ_HOST: a process of the host was refused */
	__u32 rule; /* enum sj_rule */
	struct sj_object object;
	char comm[SJ_COMM]; /* of the thread; all 0: not known (a packet came) */
};
struct sj_ledger_row {
	__u64 count;
	__u64 first_ns; /* CLOCK_BOOTTIME */
	__u64 last_ns;
	__u32 uid; /* of the last one, the real one: bpf_get_current_uid_gid() tells no other */
	__u32 pid; /* of the last one; 0: not known */
	__u32 listed;
	__u32 unused;
};

/* Table "denied_calls": jid -> system calls refused. Apart from "denied" because its one writer, the jail's supervisor,
 * could not add to a row that programs add to. */

#endif
