/* Network rates of a jail, attached to its own cgroup where it has such a limit: a token bucket as a clock. A packet
 * takes its length divided by the rate; while what went through reaches beyond now, packets are dropped. TCP is kept
 * from running into that on the way out: the kernel paces each of its connections (SO_MAX_PACING_RATE, which needs no
 * fq since Linux 4.13), and a drop counts as congestion and not as an error. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "abi/pace.h"

#define SOL_SOCKET 1
#define SO_MAX_PACING_RATE 47

#define DROP 0
#define PASS 1
#define DROP_CONGESTED 2 /* egress only: the sender slows down instead of getting EPERM */

/* With a key of 64 bits all programs on a cgroup share its row (Linux 5.9). */
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, __u64);
	__type(value, struct sj_pace_row);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} pace SEC(".maps");

static __always_inline int admit(struct sj_pace_row *row, int way, __u64 length, __u64 depth)
{
	__u64 rate = row->rate[way];
	__u64 paid = row->paid[way];
	__u64 now, cost;

	if (!rate)
		return 1;
	now = bpf_ktime_get_ns();
	cost = length * 1000000000ull / rate;
	if (paid > now) {
		__sync_fetch_and_add(&row->dropped[way], 1);
		return 0;
	}
	if (paid + depth < now) /* two CPUs may do this at once, and give one packet away */
		row->paid[way] = now - depth + cost;
	else
		__sync_fetch_and_add(&row->paid[way], cost);
	__sync_fetch_and_add(&row->bytes[way], length);
	return 1;
}

SEC("cgroup_skb/egress")
int pace_out(struct __sk_buff *skb)
{
	return admit(bpf_get_local_storage(&pace, 0), SJ_OUT, skb->len, SJ_PACE_OUT_NS) ? PASS : DROP_CONGESTED;
}

SEC("cgroup_skb/ingress")
int pace_in(struct __sk_buff *skb)
{
	return admit(bpf_get_local_storage(&pace, 0), SJ_IN, skb->len, SJ_PACE_IN_NS) ? PASS : DROP;
}

SEC("sockops")
int pace_connection(struct bpf_sock_ops *ops)
{
	struct sj_pace_row *row = bpf_get_local_storage(&pace, 0);
	__u64 rate = row->rate[SJ_OUT];
	__u32 most = rate > 0xfffffffeull ? 0xfffffffeu : (__u32)rate;

	if ((ops->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB || ops->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB) && most)
		bpf_setsockopt(ops, SOL_SOCKET, SO_MAX_PACING_RATE, &most, sizeof(most));
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
