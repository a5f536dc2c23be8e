/* What a jail's sockets send and get. Added up by the two programs that judge its packets: another one on the path of
 * each packet would cost more than the sum. */
#ifndef SECMODEL_JAIL_TRAFFIC_BPF_H
#define SECMODEL_JAIL_TRAFFIC_BPF_H

#include "linux/tables.bpf.h"

static __always_inline void add_traffic(struct sj_traffic *traffic, const struct __sk_buff *skb)
{
	__u32 packets = skb->gso_segs;

	__sync_fetch_and_add(&traffic->bytes, skb->len);
	__sync_fetch_and_add(&traffic->packets, packets ? packets : 1);
}

static __always_inline void count_in(const struct sj_member *me, const struct __sk_buff *skb)
{
	struct sj_cpu *row = me ? bpf_map_lookup_elem(&cpu, &me->jid) : 0;

	if (row)
		add_traffic(&row->in, skb);
}

static __always_inline void count_out(const struct sj_member *me, const struct __sk_buff *skb)
{
	struct sj_cpu *row = me ? bpf_map_lookup_elem(&cpu, &me->jid) : 0;

	if (row)
		add_traffic(&row->out, skb);
}

#endif
