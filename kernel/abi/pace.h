/* How fast a jail may send and receive. One row for each jail with such a limit, kept by the kernel with its cgroup and
 * gone with it. */
#ifndef SECMODEL_JAIL_PACE_H
#define SECMODEL_JAIL_PACE_H

#include <linux/types.h>

/* Time that a jail may have saved up: what it sends or receives at once after it was quiet. Receiving needs more: a
 * sender that lost everything is back after its retransmission timer of 200 ms at the earliest (RFC 6298 has 1 s), and
 * less would lose the time in between. */
#define SJ_PACE_OUT_NS 100000000ull
#define SJ_PACE_IN_NS 250000000ull

struct sj_pace_row {
	__u64 rate[2];    /* bytes a second; 0: any */
	__u64 paid[2];    /* CLOCK_MONOTONIC, ns: up to when what went through takes the rate */
	__u64 bytes[2];   /* that went through */
	__u64 dropped[2]; /* packets */
};
enum sj_direction { SJ_OUT = 0, SJ_IN = 1 };

#endif
