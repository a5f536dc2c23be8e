/* The headers of a packet that a socket sends or gets, as the cgroup_skb programs see it. */
#ifndef SECMODEL_JAIL_PACKETS_BPF_H
#define SECMODEL_JAIL_PACKETS_BPF_H

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "linux/tables.bpf.h"
#include "linux/structs.h"

#define EXTENSIONS_MAX 8 /* IPv6 extension headers before the payload; more are broken */
#define LOOPBACK 1       /* ifindex of lo in every network namespace */

#define PASS 1
#define DROP 0

struct packet {
	struct sj_addr from, to;
	__u32 protocol;
	__u32 offset;   /* of the payload's header */
	__u32 fragment; /* sockets send and get whole packets, so this is one that somebody made up */
};

static __always_inline int read_ipv4(struct __sk_buff *skb, struct packet *out)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5)
		return 0;
	out->from.family = 4;
	out->from.addr_be[0] = ip.saddr;
	out->to.family = 4;
	out->to.addr_be[0] = ip.daddr;
	out->protocol = ip.protocol;
	out->offset = ip.ihl * 4u;
	out->fragment = (ip.frag_off & bpf_htons(0x3fff)) != 0; /* more fragments, or an offset */
	return 1;
}

static __always_inline int read_ipv6(struct __sk_buff *skb, struct packet *out)
{
	struct ipv6hdr ip;
	__u32 at = sizeof(ip);
	__u8 next;
	int i;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)) || ip.version != 6)
		return 0;
	out->from.family = 6;
	__builtin_memcpy(out->from.addr_be, &ip.saddr, sizeof(out->from.addr_be));
	out->to.family = 6;
	__builtin_memcpy(out->to.addr_be, &ip.daddr, sizeof(out->to.addr_be));
	next = ip.nexthdr;
	for (i = 0; i < EXTENSIONS_MAX; i++) {
		__u8 extension[4]; /* next header, length, and the fragment header's offset and flag */

		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS &&
		    next != IPPROTO_FRAGMENT && next != IPPROTO_AH) {
			out->protocol = next;
			out->offset = at;
			return 1;
		}
		if (bpf_skb_load_bytes(skb, at, extension, sizeof(extension)))
			return 0;
		if (next == IPPROTO_FRAGMENT) {
			out->fragment |= extension[2] || extension[3] & 0xf9;
			at += 8;
		} else if (next == IPPROTO_AH) {
			at += (extension[1] + 2u) * 4u;
		} else {
			at += (extension[1] + 1u) * 8u;
		}
		next = extension[0];
	}
	return 0;
}

/* False: not IP, or headers that make no sense. */
static __always_inline int read_packet(struct __sk_buff *skb, struct packet *out)
{
	if (skb->protocol == bpf_htons(0x0800))
		return read_ipv4(skb, out);
	return skb->protocol == bpf_htons(0x86dd) && read_ipv6(skb, out);
}

/* The jail of the packet's socket; NULL: the socket is below the jails' parent and in no jail. */
static __always_inline struct sj_member *member_of_socket(struct __sk_buff *skb, const struct sj_settings *set)
{
	__u64 cgroup = bpf_skb_ancestor_cgroup_id(skb, (int)set->jail_level);

	return bpf_map_lookup_elem(&members, &cgroup);
}

#endif
