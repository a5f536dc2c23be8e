/* Where a jail's packets may go and what address they carry: the pure half of kernel/linux/egress.bpf.c. */
#ifndef SECMODEL_JAIL_NET_POLICY_H
#define SECMODEL_JAIL_NET_POLICY_H

#include "abi/secmodel_jail.h"

/* Where a destination is, as far as its address tells. The host's own addresses other than loopback look like FAR;
 * their packets show what they are by the device that they leave by. */
enum sj_place {
	SJ_FAR,
	SJ_HERE, /* loopback */
	SJ_NEAR, /* link-local, multicast, broadcast: services of this host and of the link answer there */
};

/* One form for one destination: v4-mapped becomes IPv4, and the wildcard is loopback, as the kernel takes it. */
static inline void sj_dest_normalise(struct sj_addr *to)
{
	sj_addr_normalise(to);
	if (!sj_addr_is_any(to))
		return;
	if (to->family == 4)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		to->addr_be[0] = 0x0100007f;
	else
		to->addr_be[3] = 0x01000000;
#else
		to->addr_be[0] = 0x7f000001;
	else
		to->addr_be[3] = 0x00000001;
#endif
}

static inline __u32 sj_first_bytes(const struct sj_addr *a)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap32(a->addr_be[0]);
#else
	return a->addr_be[0];
#endif
}

/* `to` is normalised. */
static inline enum sj_place sj_place_of(const struct sj_addr *to)
{
	const __u32 first = sj_first_bytes(to);

	if (to->family == 4) {
		if (first >> 24 == 127 || first >> 24 == 0)
			return SJ_HERE;
		if (first >> 16 == 0xa9fe || first >> 28 == 0xe || first == 0xffffffff)
			return SJ_NEAR;
		return SJ_FAR;
	}
	if (first >> 22 == 0xfe80 >> 6 || first >> 24 == 0xff)
		return SJ_NEAR;
	/* ::/96 but ::, which is ::1 here: nobody routes it. */
	if ((to->addr_be[0] | to->addr_be[1] | to->addr_be[2]) == 0)
		return SJ_HERE;
	return SJ_FAR;
}

/* The jail that reserved this destination; SJ_HOST: none. Claims on one address do not overlap. */
static inline __u32 sj_owner(const struct sj_port_row *row, __u32 proto, const struct sj_addr *to)
{
	__u32 i;

	for (i = 0; i < SJ_CLAIMS_MAX; i++) {
		if (i >= row->count)
			break;
		if (sj_claim_covers(&row->claim[i], proto, to))
			return row->claim[i].jid;
	}
	return SJ_HOST;
}

/* A call from a jail, as facts. */
struct sj_call {
	__u32 profile;
	enum sj_place place;
	int own;        /* the jail reserved the destination, or the socket there is one of its own */
	int answer;     /* the destination has sent to this very socket before */
	int reserved;   /* another jail reserved the destination */
	int by_name;    /* permitted by that jail's name */
	int by_address; /* permitted by address */
};

/* The rule that refuses the call, SJ_NO_RULE if it may go. */
static inline enum sj_rule sj_judge_call(const struct sj_call *call)
{
	if (call->profile == SJ_PROFILE_LOW || call->place == SJ_FAR || call->by_address)
		return SJ_NO_RULE;
	if (call->place == SJ_NEAR)
		return SJ_RULE_CALL_NEAR;
	if (call->own || call->answer)
		return SJ_NO_RULE;
	if (!call->reserved)
		return SJ_RULE_CALL_HOST;
	return call->by_name ? SJ_NO_RULE : SJ_RULE_CALL_JAIL;
}

/* Has the jail the address? A jail that is not pinned has all. */
static inline int sj_has_address(const struct sj_member *jail, const struct sj_addr *at)
{
	__u32 i;

	for (i = 0; i < SJ_ADDRS_MAX; i++) {
		if (i >= jail->naddrs)
			break;
		if (sj_addr_same(&jail->addrs[i], at))
			return 1;
	}
	return jail->naddrs == 0;
}

/* The first address of the family that the jail is pinned to, NULL: none. */
static inline const struct sj_addr *sj_pinned(const struct sj_member *jail, __u32 family)
{
	__u32 i;

	for (i = 0; i < SJ_ADDRS_MAX; i++) {
		if (i >= jail->naddrs)
			break;
		if (jail->addrs[i].family == family)
			return &jail->addrs[i];
	}
	return 0;
}

#endif
