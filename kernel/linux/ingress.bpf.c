/* listen() on a socket that was never bound runs no bind hook: the kernel picks a port and the socket answers to the
 * whole network. So connections to a port that the jail does not own are dropped at the jail's socket: a SYN without
 * ACK. What comes back to the jail's own connections carries ACK and passes. */
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include "linux/denials.bpf.h"
#include "linux/structs.h"

#define EXTENSIONS_MAX 8 /* IPv6 extension headers before TCP; more are dropped */

#define PASS 1
#define DROP 0

enum parsed { NOT_TCP, TCP, BROKEN };

static __always_inline enum parsed find_tcp4(struct __sk_buff *skb, struct sj_addr *to, __u32 *offset)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5)
		return BROKEN;
	if (ip.protocol != IPPROTO_TCP)
		return NOT_TCP;
	if (ip.frag_off & bpf_htons(0x3fff)) /* more fragments, or an offset: sockets get whole packets only */
		return BROKEN;
	to->family = 4;
	to->addr_be[0] = ip.daddr;
	*offset = ip.ihl * 4u;
	return TCP;
}

static __always_inline enum parsed find_tcp6(struct __sk_buff *skb, struct sj_addr *to, __u32 *offset)
{
	struct ipv6hdr ip;
	__u32 at = sizeof(ip);
	__u8 next;
	int i;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)) || ip.version != 6)
		return BROKEN;
	to->family = 6;
	__builtin_memcpy(to->addr_be, &ip.daddr, sizeof(to->addr_be));
	next = ip.nexthdr;
	for (i = 0; i < EXTENSIONS_MAX; i++) {
		__u8 extension[4]; /* next header, length, and the fragment header's offset and flag */

		if (next == IPPROTO_TCP) {
			*offset = at;
			return TCP;
		}
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS &&
		    next != IPPROTO_FRAGMENT && next != IPPROTO_AH)
			return NOT_TCP;
		if (bpf_skb_load_bytes(skb, at, extension, sizeof(extension)))
			return BROKEN;
		if (next == IPPROTO_FRAGMENT) {
			if (extension[2] || extension[3] & 0xf9)
				return BROKEN;
			at += 8;
		} else if (next == IPPROTO_AH) {
			at += (extension[1] + 2u) * 4u;
		} else {
			at += (extension[1] + 1u) * 8u;
		}
		next = extension[0];
	}
	return BROKEN;
}

/* Is the socket in the host's network namespace? Read from the socket: bpf_get_netns_cookie() is for skbs only since
 * Linux 6.15. A socket that is no TCP socket gives NULL: then yes, the strict answer. */
static __always_inline int in_host_netns(struct bpf_sock *sk, const struct sj_settings *set)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	return !tcp || tcp->inet_conn.icsk_inet.sk.__sk_common.skc_net.net->net_cookie == set->netns_cookie;
}

static __always_inline int may_answer(struct __sk_buff *skb, const struct sj_settings *set, __u32 port,
                                      struct sj_addr *to)
{
	__u64 cgroup = bpf_skb_ancestor_cgroup_id(skb, (int)set->jail_level);
	struct sj_member *owner = bpf_map_lookup_elem(&members, &cgroup);
	struct sj_ledger_key key = {};
	struct sj_port_row *row;

	key.object.port.port = port;
	key.object.port.protos = SJ_TCP;
	key.object.port.at = *to;
	sj_addr_normalise(&key.object.port.at);
	if (!owner) { /* a socket below the jails' parent that is in no jail */
		deny(0, SJ_RULE_LISTEN_UNBOUND, &key, SJ_UNKNOWN);
		return DROP;
	}
	if (sj_unreserved_listen(owner->profile, port))
		return PASS;
	row = bpf_map_lookup_elem(&ports, &port);
	if (row && sj_owns(row, owner->jid, SJ_TCP, &key.object.port.at))
		return PASS;
	deny(owner, SJ_RULE_LISTEN_UNBOUND, &key, SJ_UNKNOWN);
	return DROP;
}

SEC("cgroup_skb/ingress")
int jail_ingress(struct __sk_buff *skb)
{
	struct sj_settings *set = the_settings();
	struct bpf_sock *sk = skb->sk;
	struct sj_addr to = {};
	enum parsed found;
	__u32 offset = 0;
	__u8 tcp[14]; /* ports, sequence numbers, flags */

	if (!set || !sk)
		return DROP;
	sk = bpf_sk_fullsock(sk);
	if (sk && sj_proto_bit(sk->protocol) != SJ_TCP)
		return PASS;
	if (skb->protocol == bpf_htons(0x0800))
		found = find_tcp4(skb, &to, &offset);
	else if (skb->protocol == bpf_htons(0x86dd))
		found = find_tcp6(skb, &to, &offset);
	else
		found = BROKEN;
	if (found == NOT_TCP)
		return PASS;
	if (found == BROKEN || bpf_skb_load_bytes(skb, offset, tcp, sizeof(tcp)))
		return DROP;
	if ((tcp[13] & 0x12) != 0x02) /* SYN without ACK */
		return PASS;
	if (sk && !in_host_netns(sk, set))
		return PASS;
	return may_answer(skb, set, (__u32)tcp[2] << 8 | tcp[3], &to);
}

char LICENSE[] SEC("license") = "GPL";
