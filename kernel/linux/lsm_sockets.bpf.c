/* The second line at sockets, where the kernel takes BPF LSM programs. For processes of jails only. */
#include "abi/second_line.h"
#include "linux/denials.bpf.h"
#include "linux/structs.h"

#include <bpf/bpf_tracing.h>

#define EPERM 1
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10

/* The jail's, in the host's network namespace: those of another are no concern of the host. */
static __always_inline struct sj_member *member_at(const struct sock *sk, const struct sj_settings *set)
{
	if (sk->__sk_common.skc_net.net->net_cookie != set->netns_cookie)
		return 0;
	return current_member(set);
}

/* A name in the abstract namespace that a service of the host will want. One that the kernel picks (unix(7), Autobind)
 * is as good as any. */
SEC("lsm/socket_bind")
int BPF_PROG(lsm_bind, struct socket *socket, struct sockaddr *address, int size)
{
	struct sj_settings *set = the_settings();
	const struct sock *sk = socket->sk;
	struct sj_ledger_key key = {};
	struct sj_member *me;
	char first = 1;

	if (!set || !sk || sk->__sk_common.skc_family != AF_UNIX || size <= (int)sizeof(address->sa_family))
		return 0;
	me = member_at(sk, set);
	if (!me || sj_abstract_bind(me->profile))
		return 0;
	bpf_probe_read_kernel(&first, sizeof(first), (const char *)address + sizeof(address->sa_family));
	if (first)
		return 0;
	size -= (int)sizeof(address->sa_family) + 1;
	if (size > SJ_ABSTRACT_NAME)
		size = SJ_ABSTRACT_NAME;
	if (size > 0)
		bpf_probe_read_kernel(key.object.abstract, (__u32)size,
		                      (const char *)address + sizeof(address->sa_family) + 1);
	deny(me, SJ_RULE_BIND_ABSTRACT, &key, SJ_CURRENT);
	return -EPERM;
}

static __always_inline int has_claim(const struct sj_member *me, __u32 port)
{
	struct sj_port_row *row = bpf_map_lookup_elem(&ports, &port);
	__u32 i;

	for (i = 0; row && i < SJ_CLAIMS_MAX; i++) {
		if (i >= row->count)
			break;
		if (row->claim[i].jid == me->jid && (row->claim[i].protos & SJ_TCP))
			return 1;
	}
	return 0;
}

/* A socket that nobody could connect to (ingress.bpf.c), told at once instead of by silence. Addresses are left to
 * that. */
SEC("lsm/socket_listen")
int BPF_PROG(lsm_listen, struct socket *socket, int backlog)
{
	struct sj_settings *set = the_settings();
	const struct sock *sk = socket->sk;
	struct sj_port_object object = {};
	struct sj_member *me;
	__u32 port;

	if (!set || !sk || sj_proto_bit(sk->sk_protocol) != SJ_TCP)
		return 0;
	if (sk->__sk_common.skc_family != AF_INET && sk->__sk_common.skc_family != AF_INET6)
		return 0;
	me = member_at(sk, set);
	if (!me)
		return 0;
	port = sk->__sk_common.skc_num;
	/* Never bound: the kernel will pick one from the ports that anybody may have. */
	if (sj_unreserved_listen(me->profile, port ? port : 65535) || has_claim(me, port))
		return 0;
	object.port = port;
	object.protos = SJ_TCP;
	deny_port(me, SJ_RULE_LISTEN_UNBOUND, &object, SJ_CURRENT);
	return -EPERM;
}

char LICENSE[] SEC("license") = "GPL";
