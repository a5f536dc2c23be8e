/* Where a jail may connect and send to, and with what address of its own.
 * connect, sendmsg  answer the caller at once (EPERM), by what the address tells.
 * egress            sees each packet and the device it leaves by: what goes out by lo is for this host, whichever of
 * its addresses it names and whatever call sent it. Nothing gets past it; a TCP connection that only this one refuses
 * gets no answer, for the kernel takes a dropped SYN for a lost one. The rules are in abi/net_policy.h. */
#include "abi/net_policy.h"
#include "linux/denials.bpf.h"
#include "linux/packets.bpf.h"
#include "linux/sockets.bpf.h"
#include "linux/traffic.bpf.h"

#define AF_INET 2
#define AF_INET6 10

static __always_inline int may_call(struct sj_grant_key *key, __u32 proto)
{
	__u32 *protos = bpf_map_lookup_elem(&grants, key);

	return protos && *protos & proto;
}

static __always_inline int by_address(__u32 jid, __u32 proto, const struct sj_addr *to, __u32 port)
{
	struct sj_grant_key key = {.jid = jid, .port = port, .at = *to};

	return may_call(&key, proto);
}

static __always_inline int by_name(__u32 jid, __u32 proto, __u32 owner, __u32 port)
{
	struct sj_jail *jail = bpf_map_lookup_elem(&jails, &owner);
	struct sj_grant_key key = {.jid = jid, .port = port};

	if (!jail)
		return 0;
	__builtin_memcpy(key.name, jail->name, sizeof(key.name));
	if (may_call(&key, proto))
		return 1;
	key.port = 0;
	return may_call(&key, proto);
}

/* Has this destination sent to the socket? */
static __always_inline int has_sent(struct bpf_sock *sk, const struct sj_addr *to, __u32 port)
{
	struct sj_peers *sent = bpf_sk_storage_get(&peers, sk, 0, 0);
	int i;

	if (!sent)
		return 0;
	for (i = 0; i < SJ_PEERS_MAX; i++)
		if (sent->peer[i].port == port && sj_addr_same(&sent->peer[i].at, to))
			return 1;
	return 0;
}

struct destination {
	struct sj_addr at; /* normalised */
	enum sj_place place;
	__u32 proto, port;
};

static __always_inline enum sj_rule judge(void *ctx, struct bpf_sock *sk, const struct sj_member *me,
                                          const struct destination *to)
{
	struct sj_call call = {.profile = me->profile, .place = to->place};
	struct sj_port_row *row;
	__u32 owner, port = to->port;

	if (call.profile == SJ_PROFILE_LOW || call.place == SJ_FAR)
		return SJ_NO_RULE;
	call.by_address = by_address(me->jid, to->proto, &to->at, port);
	if (call.place == SJ_HERE && !call.by_address) {
		row = bpf_map_lookup_elem(&ports, &port);
		owner = row ? sj_owner(row, to->proto, &to->at) : SJ_HOST;
		call.own = owner == me->jid;
		call.reserved = owner != SJ_HOST;
		if (call.reserved && !call.own)
			call.by_name = by_name(me->jid, to->proto, owner, port);
		if (to->proto == SJ_UDP && !call.own && !call.by_name) {
			call.answer = has_sent(sk, &to->at, port);
			call.own = !call.answer && who_serves(ctx, me->jid, SJ_UDP, &to->at, port) == OWN;
		}
	}
	return sj_judge_call(&call);
}

/* --- connect(2) and sendmsg(2) --- */

/* Every refusal of these hooks. `at` is the address that was refused: where to, or where from. */
static __always_inline int refuse(struct bpf_sock_addr *ctx, const struct sj_member *me, enum sj_rule rule,
                                  const struct sj_addr *at)
{
	const __u32 port = rule == SJ_RULE_ADDRESS ? 0 : bpf_ntohs((__u16)ctx->user_port);
	const struct sj_port_object object = {port, sj_proto_bit(ctx->protocol), *at};

	return deny_port(me, rule, &object, SJ_CURRENT);
}

/* The first half of each hook. me NULL: the answer is in `decision`. */
struct caller {
	struct sj_member *me;
	int decision;
};

static __always_inline struct caller caller_of(struct bpf_sock_addr *ctx)
{
	struct sj_settings *set = the_settings();
	struct caller caller = {.me = 0, .decision = SJ_ALLOW};
	const struct sj_addr nowhere = {};

	if (!set) {
		caller.decision = SJ_DENY;
		return caller;
	}
	if (bpf_get_netns_cookie(ctx) != set->netns_cookie)
		return caller;
	caller.me = current_member(set);
	/* As in ports.bpf.c: a host process that uses a jail's socket is the host; a task of no jail is lost. */
	if (!caller.me && bpf_get_current_ancestor_cgroup_id((int)set->jail_level - 1) == set->parent_cgroup)
		caller.decision = refuse(ctx, 0, SJ_RULE_CALL_HOST, &nowhere);
	return caller;
}

/* May it call? Port 0: sendmsg(2) on a connected socket, which connect and egress judge. */
static __always_inline int may_go(struct bpf_sock_addr *ctx, const struct sj_member *me, struct sj_addr *at)
{
	struct destination to = {.proto = sj_proto_bit(ctx->protocol), .port = bpf_ntohs((__u16)ctx->user_port)};
	enum sj_rule rule;

	if (to.port == 0 || ctx->protocol == IPPROTO_ICMP || ctx->protocol == IPPROTO_ICMPV6)
		return SJ_ALLOW;
	sj_dest_normalise(at);
	to.at = *at;
	to.place = sj_place_of(at);
	rule = judge(ctx, ctx->sk, me, &to);
	return rule == SJ_NO_RULE ? SJ_ALLOW : refuse(ctx, me, rule, at);
}

static __always_inline void address6(struct sj_addr *to, __u32 a, __u32 b, __u32 c, __u32 d)
{
	to->family = 6;
	to->addr_be[0] = a;
	to->addr_be[1] = b;
	to->addr_be[2] = c;
	to->addr_be[3] = d;
}

/* Gives an unbound socket its source address for a destination of `family`; a bound one has to have a good one. Errors
 * of bpf_bind(): the socket has sent before, so it has a port and no address. */
static __always_inline int pin_source(struct bpf_sock_addr *ctx, const struct sj_member *me, __u32 family)
{
	struct bpf_sock *sk = ctx->sk;
	struct sj_addr bound = {};
	const struct sj_addr *pinned;

	if (me->naddrs == 0)
		return SJ_ALLOW;
	if (!sk)
		return refuse(ctx, me, SJ_RULE_ADDRESS, &bound);
	if (ctx->family == AF_INET6) {
		address6(&bound, sk->src_ip6[0], sk->src_ip6[1], sk->src_ip6[2], sk->src_ip6[3]);
		sj_addr_normalise(&bound);
	} else {
		bound = (struct sj_addr){.family = 4, .addr_be = {sk->src_ip4}};
	}
	if (!sj_addr_is_any(&bound))
		return sj_has_address(me, &bound) ? SJ_ALLOW : refuse(ctx, me, SJ_RULE_ADDRESS, &bound);
	pinned = sj_pinned(me, family);
	if (!pinned)
		return refuse(ctx, me, SJ_RULE_ADDRESS, &bound);
	if (ctx->family == AF_INET6) {
		struct sockaddr_in6 at = {.sin6_family = AF_INET6};

		if (family == 4) {
			at.sin6_addr.in6_u.u6_addr32[2] = SJ_V4MAPPED_BE;
			at.sin6_addr.in6_u.u6_addr32[3] = pinned->addr_be[0];
		} else {
			__builtin_memcpy(&at.sin6_addr, pinned->addr_be, sizeof(at.sin6_addr));
		}
		if (bpf_bind(ctx, (struct sockaddr *)&at, sizeof(at)) == 0)
			return SJ_ALLOW;
	} else {
		struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {pinned->addr_be[0]}};

		if (bpf_bind(ctx, (struct sockaddr *)&at, sizeof(at)) == 0)
			return SJ_ALLOW;
	}
	return refuse(ctx, me, SJ_RULE_ADDRESS, &bound);
}

SEC("cgroup/connect4")
int jail_connect4(struct bpf_sock_addr *ctx)
{
	struct sj_addr to = {.family = 4, .addr_be = {ctx->user_ip4}};
	struct caller caller = caller_of(ctx);

	if (!caller.me)
		return caller.decision;
	if (!may_go(ctx, caller.me, &to))
		return SJ_DENY;
	return pin_source(ctx, caller.me, 4);
}

SEC("cgroup/connect6")
int jail_connect6(struct bpf_sock_addr *ctx)
{
	struct caller caller = caller_of(ctx);
	struct sj_addr to;

	if (!caller.me)
		return caller.decision;
	address6(&to, ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3]);
	if (!may_go(ctx, caller.me, &to))
		return SJ_DENY;
	sj_addr_normalise(&to); /* port 0 */
	return pin_source(ctx, caller.me, to.family);
}

SEC("cgroup/sendmsg4")
int jail_sendmsg4(struct bpf_sock_addr *ctx)
{
	struct sj_addr to = {.family = 4, .addr_be = {ctx->user_ip4}};
	struct caller caller = caller_of(ctx);
	const struct sj_addr *pinned;
	struct sj_addr from;

	if (!caller.me)
		return caller.decision;
	if (!may_go(ctx, caller.me, &to))
		return SJ_DENY;
	from = (struct sj_addr){.family = 4, .addr_be = {ctx->msg_src_ip4}};
	if (sj_addr_is_any(&from) && caller.me->naddrs != 0) {
		pinned = sj_pinned(caller.me, 4);
		if (!pinned)
			return refuse(ctx, caller.me, SJ_RULE_ADDRESS, &from);
		ctx->msg_src_ip4 = pinned->addr_be[0];
		return SJ_ALLOW;
	}
	return sj_has_address(caller.me, &from) ? SJ_ALLOW : refuse(ctx, caller.me, SJ_RULE_ADDRESS, &from);
}

SEC("cgroup/sendmsg6")
int jail_sendmsg6(struct bpf_sock_addr *ctx)
{
	struct caller caller = caller_of(ctx);
	const struct sj_addr *pinned;
	struct sj_addr to, from;

	if (!caller.me)
		return caller.decision;
	address6(&to, ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3]);
	if (!may_go(ctx, caller.me, &to))
		return SJ_DENY;
	address6(&from, ctx->msg_src_ip6[0], ctx->msg_src_ip6[1], ctx->msg_src_ip6[2], ctx->msg_src_ip6[3]);
	if (sj_addr_is_any(&from) && caller.me->naddrs != 0) {
		pinned = sj_pinned(caller.me, 6);
		if (!pinned)
			return refuse(ctx, caller.me, SJ_RULE_ADDRESS, &from);
		ctx->msg_src_ip6[0] = pinned->addr_be[0];
		ctx->msg_src_ip6[1] = pinned->addr_be[1];
		ctx->msg_src_ip6[2] = pinned->addr_be[2];
		ctx->msg_src_ip6[3] = pinned->addr_be[3];
		return SJ_ALLOW;
	}
	sj_addr_normalise(&from);
	return sj_has_address(caller.me, &from) ? SJ_ALLOW : refuse(ctx, caller.me, SJ_RULE_ADDRESS, &from);
}

/* --- What leaves --- */

/* Reads what the rules speak of; SJ_NO_RULE and to->proto 0: none of their business. */
static __always_inline int read_destination(struct __sk_buff *skb, const struct packet *packet, int by_lo,
                                            struct destination *to)
{
	__u8 head[14]; /* ports; in TCP also sequence numbers and flags */

	to->proto = sj_proto_bit(packet->protocol);
	to->at = packet->to;
	to->place = sj_place_of(&to->at) == SJ_NEAR ? SJ_NEAR : by_lo ? SJ_HERE : SJ_FAR;
	if (!to->proto)
		return packet->protocol == IPPROTO_ICMP || packet->protocol == IPPROTO_ICMPV6 || to->place == SJ_FAR;
	if (packet->fragment || bpf_skb_load_bytes(skb, packet->offset, head, 4))
		return 0;
	to->port = (__u32)head[2] << 8 | head[3];
	if (to->proto == SJ_UDP)
		return 1;
	if (bpf_skb_load_bytes(skb, packet->offset, head, sizeof(head)))
		return 0;
	if ((head[13] & 0x12) != 0x02) /* only SYN without ACK begins something */
		to->proto = 0;
	return 1;
}

/* Every refusal of the egress program. */
static __always_inline int drop(const struct sj_member *me, enum sj_rule rule, __u32 proto, __u32 port,
                                const struct sj_addr *at)
{
	const struct sj_port_object object = {port, proto, *at};

	deny_port(me, rule, &object, SJ_UNKNOWN);
	return DROP;
}

/* Sockets for which connect(2) runs a hook. UDP-Lite has none. */
static __always_inline int asks_at_connect(const struct bpf_sock *sk)
{
	return sk->protocol == IPPROTO_TCP || sk->protocol == IPPROTO_UDP || sk->protocol == IPPROTO_ICMP ||
	       sk->protocol == IPPROTO_ICMPV6;
}

static __always_inline int may_leave(struct __sk_buff *skb, const struct sj_settings *set, struct bpf_sock *sk,
                                     const struct sj_member *me)
{
	struct packet packet = {};
	struct destination to = {};
	enum sj_rule rule;
	int by_lo = skb->ifindex == LOOPBACK;

	if (me && me->profile == SJ_PROFILE_LOW && !me->naddrs)
		return PASS;
	if (!by_lo && !(me && me->naddrs) && asks_at_connect(sk))
		return PASS;
	if (!in_host_netns(sk, set))
		return PASS;
	if (!read_packet(skb, &packet))
		return drop(me, SJ_RULE_CALL_HOST, 0, 0, &packet.to);
	if (me && !sj_has_address(me, &packet.from))
		return drop(me, SJ_RULE_ADDRESS, sj_proto_bit(packet.protocol), 0, &packet.from);
	if ((!by_lo && asks_at_connect(sk)) || (me && me->profile == SJ_PROFILE_LOW))
		return PASS;
	if (!read_destination(skb, &packet, by_lo, &to))
		return drop(me, SJ_RULE_CALL_HOST, to.proto, to.port, &packet.to);
	if (!to.proto || to.place == SJ_FAR)
		return PASS;
	if (!me) /* the socket outlived its jail, or was made by a task that is lost */
		return drop(me, SJ_RULE_CALL_HOST, to.proto, to.port, &packet.to);
	rule = judge(skb, sk, me, &to);
	return rule == SJ_NO_RULE ? PASS : drop(me, rule, to.proto, to.port, &to.at);
}

SEC("cgroup_skb/egress")
int jail_egress(struct __sk_buff *skb)
{
	struct sj_settings *set = the_settings();
	struct bpf_sock *sk = skb->sk;
	struct sj_member *me;

	sk = sk ? bpf_sk_fullsock(sk) : 0;
	if (!set || !sk)
		return DROP;
	me = member_of_socket(skb, set);
	if (!may_leave(skb, set, sk, me))
		return DROP;
	count_out(me, skb);
	return PASS;
}

char LICENSE[] SEC("license") = "GPL";
