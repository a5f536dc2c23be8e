/* Port ownership. Two layers:
 * root_*  at the root of the v2 tree, for every socket of the machine: a reserved port is its owner's alone.
 * jail_*  at the jails' parent cgroup: what a jail may bind beyond the ports it owns.
 * A bind of port 0 passes bind4/6, the kernel picks a port afterwards; hence post_bind looks again. */
#include "abi/net_policy.h"
#include "linux/denials.bpf.h"
#include "linux/sockets.bpf.h"

#define EADDRINUSE 98

struct want {
	__u32 proto;
	__u32 port;
	struct sj_addr at;
	__u32 pinned; /* jail layer: `at` was a wildcard and became an address of the jail */
	__u32 shared; /* jail layer: the jid that binds a port which nobody reserved, and others may have too */
};

static __always_inline int is_reserved(__u32 port)
{
	__u32 word = port >> 6 & (SJ_RESERVED_WORDS - 1);
	__u64 *bits = bpf_map_lookup_elem(&reserved, &word);

	return bits && (*bits >> (port & 63) & 1);
}

static __always_inline int deny_bind(const struct sj_member *me, enum sj_rule rule, const struct want *want)
{
	const struct sj_port_object object = {want->port, want->proto, want->at};

	return deny_port(me, rule, &object, SJ_CURRENT);
}

/* The root layer, once the bit of the port is known to be set. */
static __noinline int reserved_bind(struct want *want, __u64 netns)
{
	struct sj_settings *set = the_settings();
	struct sj_port_row *row;
	struct sj_member *me;
	__u32 jid;

	/* Ports of another network stack are not the host's. */
	if (!want || !set || netns != set->netns_cookie || !want->proto)
		return SJ_ALLOW;
	row = bpf_map_lookup_elem(&ports, &want->port);
	if (!row)
		return SJ_ALLOW;
	me = current_member(set);
	jid = me ? me->jid : SJ_HOST;
	if (sj_reserved_bind(row, jid, want->proto, &want->at))
		return SJ_ALLOW;
	return deny_bind(me, SJ_RULE_BIND_OWNED, want);
}

/* The address of a jail that is pinned to some: a wildcard becomes the first of its family; :: becomes IPv4 where there
 * is no IPv6 one, which a socket that is not IPV6_V6ONLY takes. */
static __always_inline int pin(const struct sj_member *me, struct want *want)
{
	const struct sj_addr *address;

	if (me->naddrs == 0)
		return SJ_ALLOW;
	if (!sj_addr_is_any(&want->at))
		return sj_has_address(me, &want->at);
	address = sj_pinned(me, want->at.family);
	if (!address && want->at.family == 6)
		address = sj_pinned(me, 4);
	if (!address)
		return SJ_DENY;
	want->at = *address;
	want->pinned = 1;
	return SJ_ALLOW;
}

/* The jail layer. */
static __noinline int jail_bind(struct want *want, __u64 netns)
{
	struct sj_settings *set = the_settings();
	struct sj_port_row *row;
	struct sj_member *me;

	if (!want || !set)
		return SJ_DENY;
	if (netns != set->netns_cookie)
		return SJ_ALLOW;
	me = current_member(set);
	if (!me) {
		if (want->port == 0 || !want->proto)
			return SJ_ALLOW;
		/* A host process that binds a jail's socket is the host; a task below the jails' parent that is in no
		 * jail is one that is half made, or lost. */
		if (bpf_get_current_ancestor_cgroup_id((int)set->jail_level - 1) != set->parent_cgroup)
			return SJ_ALLOW;
		return deny_bind(0, SJ_RULE_BIND_UNRESERVED, want);
	}
	if (!pin(me, want))
		return deny_bind(me, SJ_RULE_ADDRESS, want);
	if (want->port == 0 || !want->proto)
		return SJ_ALLOW;
	if (sj_unreserved_bind(me->profile, want->port)) {
		want->shared = me->jid;
		return SJ_ALLOW;
	}
	row = bpf_map_lookup_elem(&ports, &want->port);
	if (row && sj_owns(row, me->jid, want->proto, &want->at))
		return SJ_ALLOW;
	return deny_bind(me, SJ_RULE_BIND_UNRESERVED, want);
}

/* user_port is a __be16 in a __u32. The context is read member by member: the verifier takes no copies of it. */
static __always_inline void want_of_bind4(struct want *want, struct bpf_sock_addr *ctx)
{
	want->port = bpf_ntohs((__u16)ctx->user_port);
	want->proto = sj_proto_bit(ctx->protocol);
	want->at.family = 4;
	want->at.addr_be[0] = ctx->user_ip4;
	want->at.addr_be[1] = 0;
	want->at.addr_be[2] = 0;
	want->at.addr_be[3] = 0;
}

static __always_inline void want_of_bind6(struct want *want, struct bpf_sock_addr *ctx)
{
	want->port = bpf_ntohs((__u16)ctx->user_port);
	want->proto = sj_proto_bit(ctx->protocol);
	want->at.family = 6;
	want->at.addr_be[0] = ctx->user_ip6[0];
	want->at.addr_be[1] = ctx->user_ip6[1];
	want->at.addr_be[2] = ctx->user_ip6[2];
	want->at.addr_be[3] = ctx->user_ip6[3];
	sj_addr_normalise(&want->at);
}

SEC("cgroup/bind4")
int root_bind4(struct bpf_sock_addr *ctx)
{
	struct want want;

	if (!is_reserved(bpf_ntohs((__u16)ctx->user_port)))
		return SJ_ALLOW;
	want_of_bind4(&want, ctx);
	return reserved_bind(&want, bpf_get_netns_cookie(ctx));
}

SEC("cgroup/bind6")
int root_bind6(struct bpf_sock_addr *ctx)
{
	struct want want;

	if (!is_reserved(bpf_ntohs((__u16)ctx->user_port)))
		return SJ_ALLOW;
	want_of_bind6(&want, ctx);
	return reserved_bind(&want, bpf_get_netns_cookie(ctx));
}

/* src_port is in host order, unlike user_port. */
SEC("cgroup/post_bind4")
int root_post_bind4(struct bpf_sock *sk)
{
	struct want want;

	if (!is_reserved(sk->src_port))
		return SJ_ALLOW;
	want.port = sk->src_port;
	want.proto = sj_proto_bit(sk->protocol);
	want.at.family = 4;
	want.at.addr_be[0] = sk->src_ip4;
	want.at.addr_be[1] = 0;
	want.at.addr_be[2] = 0;
	want.at.addr_be[3] = 0;
	return reserved_bind(&want, bpf_get_netns_cookie(sk));
}

SEC("cgroup/post_bind6")
int root_post_bind6(struct bpf_sock *sk)
{
	struct want want;

	if (!is_reserved(sk->src_port))
		return SJ_ALLOW;
	want.port = sk->src_port;
	want.proto = sj_proto_bit(sk->protocol);
	want.at.family = 6;
	want.at.addr_be[0] = sk->src_ip6[0];
	want.at.addr_be[1] = sk->src_ip6[1];
	want.at.addr_be[2] = sk->src_ip6[2];
	want.at.addr_be[3] = sk->src_ip6[3];
	sj_addr_normalise(&want.at);
	return reserved_bind(&want, bpf_get_netns_cookie(sk));
}

/* SO_REUSEPORT, and SO_REUSEADDR for UDP, let processes of one uid share a port, and a more specific address take it
 * over: not with those outside the jail. They have it in use, so that is the answer. */
static __always_inline int may_share(struct bpf_sock_addr *ctx, const struct want *want)
{
	const struct sj_addr any4 = {.family = 4};
	struct sj_settings *set = the_settings();
	__u32 port = want->port;
	struct sj_port_row *row;

	if (who_serves(ctx, want->shared, want->proto, &want->at, want->port) != OUTSIDER &&
	    (want->at.family == 4 || !sj_addr_is_any(&want->at) ||
	     who_serves(ctx, want->shared, want->proto, &any4, want->port) != OUTSIDER))
		return SJ_ALLOW;
	row = bpf_map_lookup_elem(&ports, &port);
	if (row && !sj_reserved_bind(row, want->shared, want->proto, &want->at))
		return SJ_ALLOW; /* the root layer refuses it, for the better reason */
	bpf_set_retval(-EADDRINUSE);
	return set ? deny_bind(current_member(set), SJ_RULE_BIND_SHARED, want) : SJ_DENY;
}

SEC("cgroup/bind4")
int jail_bind4(struct bpf_sock_addr *ctx)
{
	struct want want = {};

	want_of_bind4(&want, ctx);
	if (!jail_bind(&want, bpf_get_netns_cookie(ctx)))
		return SJ_DENY;
	if (want.pinned)
		ctx->user_ip4 = want.at.addr_be[0];
	return want.shared ? may_share(ctx, &want) : SJ_ALLOW;
}

SEC("cgroup/bind6")
int jail_bind6(struct bpf_sock_addr *ctx)
{
	struct want want = {};

	want_of_bind6(&want, ctx);
	if (!jail_bind(&want, bpf_get_netns_cookie(ctx)))
		return SJ_DENY;
	if (want.pinned) {
		const int mapped = want.at.family == 4;

		ctx->user_ip6[0] = mapped ? 0 : want.at.addr_be[0];
		ctx->user_ip6[1] = mapped ? 0 : want.at.addr_be[1];
		ctx->user_ip6[2] = mapped ? SJ_V4MAPPED_BE : want.at.addr_be[2];
		ctx->user_ip6[3] = mapped ? want.at.addr_be[0] : want.at.addr_be[3];
	}
	return want.shared ? may_share(ctx, &want) : SJ_ALLOW;
}

char LICENSE[] SEC("license") = "GPL";
