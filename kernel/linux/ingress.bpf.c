/* What reaches a jail's sockets.
 * listen() on a socket that was never bound runs no bind hook: the kernel picks a port and the socket answers to the
 * whole network. So connections to a port that the jail does not own are dropped at the jail's socket: a SYN without
 * ACK. What comes back to the jail's own connections carries ACK and passes.
 * A UDP socket that was never bound takes datagrams for every address; a jail that is pinned gets its own only. And who
 * on this host sends a datagram may be answered: egress.bpf.c asks. */
#include "abi/net_policy.h"
#include "linux/denials.bpf.h"
#include "linux/packets.bpf.h"
#include "linux/sockets.bpf.h"
#include "linux/traffic.bpf.h"

/* Every refusal of the program that is counted. */
static __always_inline int drop(const struct sj_member *owner, enum sj_rule rule, __u32 proto, __u32 port,
                                const struct sj_addr *at)
{
	const struct sj_port_object object = {port, proto, *at};

	deny_port(owner, rule, &object, SJ_UNKNOWN);
	return DROP;
}

static __always_inline int may_answer(const struct sj_member *owner, __u32 port, const struct sj_addr *to)
{
	struct sj_port_row *row;

	if (!owner) /* a socket below the jails' parent that is in no jail */
		return drop(0, SJ_RULE_LISTEN_UNBOUND, SJ_TCP, port, to);
	if (!sj_has_address(owner, to))
		return drop(owner, SJ_RULE_ADDRESS, SJ_TCP, port, to);
	if (sj_unreserved_listen(owner->profile, port))
		return PASS;
	row = bpf_map_lookup_elem(&ports, &port);
	if (row && sj_owns(row, owner->jid, SJ_TCP, to))
		return PASS;
	return drop(owner, SJ_RULE_LISTEN_UNBOUND, SJ_TCP, port, to);
}

/* Two CPUs may write one slot at a time and mix two senders; both have sent. */
static __always_inline void remember(struct bpf_sock *sk, const struct sj_addr *from, __u32 port)
{
	struct sj_peers *sent = bpf_sk_storage_get(&peers, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	__u32 slot;
	int i;

	if (!sent)
		return;
	for (i = 0; i < SJ_PEERS_MAX; i++)
		if (sent->peer[i].port == port && sj_addr_same(&sent->peer[i].at, from))
			return;
	slot = sent->next++ & (SJ_PEERS_MAX - 1);
	sent->peer[slot].at = *from;
	sent->peer[slot].port = port;
}

static __always_inline int receive_datagram(struct __sk_buff *skb, struct bpf_sock *sk, const struct sj_member *owner,
                                            const struct packet *packet)
{
	__u8 ports_of[4];

	if (!owner)
		return PASS;
	if (!sj_has_address(owner, &packet->to) && sj_place_of(&packet->to) != SJ_NEAR)
		return drop(owner, SJ_RULE_ADDRESS, SJ_UDP, 0, &packet->to);
	if (sk && skb->ifindex == LOOPBACK && owner->profile != SJ_PROFILE_LOW &&
	    !bpf_skb_load_bytes(skb, packet->offset, ports_of, sizeof(ports_of)))
		remember(sk, &packet->from, (__u32)ports_of[0] << 8 | ports_of[1]);
	return PASS;
}

static __always_inline int may_enter(struct __sk_buff *skb, const struct sj_settings *set, struct bpf_sock *sk,
                                     const struct sj_member *owner)
{
	struct packet packet = {};
	__u32 proto;
	__u8 tcp[14]; /* ports, sequence numbers, flags */

	if (sk && !sj_proto_bit(sk->protocol))
		return PASS;
	if (!read_packet(skb, &packet))
		return DROP;
	proto = sj_proto_bit(packet.protocol);
	if (!proto)
		return PASS;
	if (proto == SJ_UDP)
		return sk && !in_host_netns(sk, set) ? PASS : receive_datagram(skb, sk, owner, &packet);
	if (packet.fragment || bpf_skb_load_bytes(skb, packet.offset, tcp, sizeof(tcp)))
		return DROP;
	if ((tcp[13] & 0x12) != 0x02) /* SYN without ACK */
		return PASS;
	if (sk && !in_host_netns(sk, set))
		return PASS;
	return may_answer(owner, (__u32)tcp[2] << 8 | tcp[3], &packet.to);
}

SEC("cgroup_skb/ingress")
int jail_ingress(struct __sk_buff *skb)
{
	struct sj_settings *set = the_settings();
	struct bpf_sock *sk = skb->sk;
	struct sj_member *owner;

	if (!set || !sk)
		return DROP;
	sk = bpf_sk_fullsock(sk);
	owner = member_of_socket(skb, set);
	if (!may_enter(skb, set, sk, owner))
		return DROP;
	count_in(owner, skb);
	return PASS;
}

char LICENSE[] SEC("license") = "GPL";
