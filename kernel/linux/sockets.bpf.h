/* What the programs ask of a socket that is not theirs. */
#ifndef SECMODEL_JAIL_SOCKETS_BPF_H
#define SECMODEL_JAIL_SOCKETS_BPF_H

#include "linux/tables.bpf.h"
#include "linux/plain_socket.bpf.h"
#include "linux/membership.bpf.h"

/* Read from the socket: bpf_get_netns_cookie() is for skbs only since Linux 6.15. */
static __always_inline int in_host_netns(struct bpf_sock *sk, const struct sj_settings *set)
{
	return plain_socket(sk)->__sk_common.skc_net.net->net_cookie == set->netns_cookie;
}

enum served { NOBODY, OUTSIDER, OWN };

/* Whose socket would get what is sent to the address: one of the jail, of somebody else, or nobody's. UDP-Lite is not
 * looked for. */
static __always_inline enum served who_serves(void *ctx, __u32 jid, __u32 proto, const struct sj_addr *at, __u32 port)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *found;
	__u32 size = sizeof(tuple.ipv4);
	enum served who;

	if (at->family == 4) {
		tuple.ipv4.daddr = at->addr_be[0];
		tuple.ipv4.dport = bpf_htons((__u16)port);
	} else {
		__builtin_memcpy(tuple.ipv6.daddr, at->addr_be, sizeof(tuple.ipv6.daddr));
		tuple.ipv6.dport = bpf_htons((__u16)port);
		size = sizeof(tuple.ipv6);
	}
	if (proto == SJ_TCP)
		found = bpf_sk_lookup_tcp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	else
		found = bpf_sk_lookup_udp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	if (!found)
		return NOBODY;
	who = jid_of_cgroup(plain_socket(found)->sk_cgrp_data.cgroup) == jid ? OWN : OUTSIDER;
	bpf_sk_release(found);
	return who;
}

#endif
