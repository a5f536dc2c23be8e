/* A ceiling for the buffers of each socket of a jail, attached to its own cgroup where it has such a limit.
 *
 * option: what setsockopt(2) asks for, the FORCE variants included.
 *
 * bind, connect, sendmsg: the defaults of UDP (net.core.rmem_default, wmem_default). Before one of these calls nothing
 * can come in or go out.
 *
 * tcp: the kernel lets the buffers of a connection grow (net.ipv4.tcp_rmem, tcp_wmem), unless their size was set. Where
 * they could grow beyond the ceiling it is set before the first packet; on listeners too, from which connections
 * inherit it.
 *
 * create: there is no socket of another protocol. MPTCP and SCTP have buffers of their own, which none of these sees,
 * and connect(2) of UDP-Lite runs no program.
 *
 * UNIX sockets run option alone, and have the host's default until they ask; so do those of ping(8) until then. */
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <bpf/bpf_helpers.h>

#include "abi/sockbuf.h"
#include "linux/plain_socket.bpf.h"

#define SOL_SOCKET 1
#define SO_SNDBUF 7
#define SO_RCVBUF 8
#define SO_SNDBUFFORCE 32
#define SO_RCVBUFFORCE 33
#define SO_BUF_LOCK 72
#define SOCK_SNDBUF_LOCK 1
#define SOCK_RCVBUF_LOCK 2
#define EPROTONOSUPPORT 93
#define PAGE 4096

/* With a key of 64 bits all programs on a cgroup share its row (Linux 5.9). */
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, __u64);
	__type(value, struct sj_sockbuf_row);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} sockbuf SEC(".maps");

/* socket(7): the kernel doubles what is asked for. */
static __always_inline int half(const struct sj_sockbuf_row *row)
{
	return (int)(row->ceiling / 2);
}

static __always_inline int within(void *ctx, const struct sj_sockbuf_row *row, int option)
{
	int size = 0;

	return bpf_getsockopt(ctx, SOL_SOCKET, option, &size, sizeof(size)) == 0 && (__u64)size <= row->ceiling;
}

static __always_inline void lower(void *ctx, const struct sj_sockbuf_row *row, int option)
{
	int ask = half(row);

	bpf_setsockopt(ctx, SOL_SOCKET, option, &ask, sizeof(ask));
}

static __always_inline int hold(struct bpf_sock_addr *ctx)
{
	const struct sj_sockbuf_row *row = bpf_get_local_storage(&sockbuf, 0);

	if (!row->ceiling)
		return 1;
	if (!within(ctx, row, SO_RCVBUF))
		lower(ctx, row, SO_RCVBUF);
	if (!within(ctx, row, SO_SNDBUF))
		lower(ctx, row, SO_SNDBUF);
	return 1;
}

SEC("cgroup/bind4")
int sockbuf_bind4(struct bpf_sock_addr *ctx)
{
	return hold(ctx);
}

SEC("cgroup/bind6")
int sockbuf_bind6(struct bpf_sock_addr *ctx)
{
	return hold(ctx);
}

SEC("cgroup/connect4")
int sockbuf_connect4(struct bpf_sock_addr *ctx)
{
	return hold(ctx);
}

SEC("cgroup/connect6")
int sockbuf_connect6(struct bpf_sock_addr *ctx)
{
	return hold(ctx);
}

SEC("cgroup/sendmsg4")
int sockbuf_sendmsg4(struct bpf_sock_addr *ctx)
{
	return hold(ctx);
}

SEC("cgroup/sendmsg6")
int sockbuf_sendmsg6(struct bpf_sock_addr *ctx)
{
	return hold(ctx);
}

SEC("sockops")
int sockbuf_tcp(struct bpf_sock_ops *ctx)
{
	const struct sj_sockbuf_row *row = bpf_get_local_storage(&sockbuf, 0);
	struct netns_ipv4 *most;
	struct sock *sk;
	int locks;

	if (ctx->op != BPF_SOCK_OPS_TCP_LISTEN_CB && ctx->op != BPF_SOCK_OPS_TCP_CONNECT_CB &&
	    ctx->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		return 1;
	if (!row->ceiling || !ctx->sk)
		return 1;
	sk = plain_socket(ctx->sk);
	most = &sk->__sk_common.skc_net.net->ipv4;
	locks = BPF_CORE_READ_BITFIELD(sk, sk_userlocks);
	if ((__u64)sk->sk_rcvbuf > row->ceiling ||
	    (!(locks & SOCK_RCVBUF_LOCK) && (__u64)most->sysctl_tcp_rmem[2] > row->ceiling))
		lower(ctx, row, SO_RCVBUF);
	if ((__u64)sk->sk_sndbuf > row->ceiling ||
	    (!(locks & SOCK_SNDBUF_LOCK) && (__u64)most->sysctl_tcp_wmem[2] > row->ceiling))
		lower(ctx, row, SO_SNDBUF);
	return 1;
}

SEC("cgroup/setsockopt")
int sockbuf_option(struct bpf_sockopt *ctx)
{
	struct sj_sockbuf_row *row = bpf_get_local_storage(&sockbuf, 0);
	__u32 *value = ctx->optval;

	/* Of more than a page programs see the first one, and have to say that the caller's data counts. */
	if (ctx->optlen > PAGE)
		ctx->optlen = 0;
	if (ctx->level != SOL_SOCKET || !row->ceiling || (void *)(value + 1) > ctx->optval_end)
		return 1;
	switch (ctx->optname) {
	case SO_SNDBUF:
	case SO_RCVBUF:
	case SO_SNDBUFFORCE:
	case SO_RCVBUFFORCE:
		if (*value <= (__u32)half(row))
			return 1;
		*value = (__u32)half(row);
		__sync_fetch_and_add(&row->lowered, 1);
		return 1;
	case SO_BUF_LOCK: /* Linux 5.15: without its lock a buffer grows again */
		*value |= SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK;
		return 1;
	}
	return 1;
}

SEC("cgroup/sock_create")
int sockbuf_create(struct bpf_sock *sk)
{
	switch (sk->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 1;
	}
	bpf_set_retval(-EPROTONOSUPPORT);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
