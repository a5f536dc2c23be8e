/* CPU time of jailed tasks, by jail and second. Runs at every context switch of the machine: a switch between two host
 * tasks must leave after a few loads. */
#include "linux/tables.bpf.h"
#include "linux/structs.h"
#include "linux/membership.bpf.h"

#include <bpf/bpf_tracing.h>

#define SECOND 1000000000ull

/* Adds the slice from..until to the buckets of the seconds it touches; what is older than the ring only to the total.
 */
static __always_inline void charge(struct sj_cpu *row, __u64 from, __u64 until)
{
	__u64 last = until / SECOND;
	__u64 second = from / SECOND;
	int i;

	row->total_ns += until - from;
	row->until_ns = until;
	if (second + SJ_CPU_SECONDS <= last) {
		second = last - SJ_CPU_SECONDS + 1;
		from = second * SECOND;
	}
	for (i = 0; i < SJ_CPU_SECONDS; i++) {
		__u32 slot = second % SJ_CPU_SECONDS;
		__u64 end = second == last ? until : (second + 1) * SECOND;

		if (row->second[slot] != second) {
			row->second[slot] = second;
			row->used_ns[slot] = 0;
		}
		row->used_ns[slot] += end - from;
		if (second == last)
			break;
		from = end;
		second++;
	}
}

SEC("tp_btf/sched_switch")
int BPF_PROG(account, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u32 zero = 0;
	struct sj_running *now_on = bpf_map_lookup_elem(&running, &zero);
	__u32 jid = jid_of_task(next);
	struct sj_cpu *row;
	__u64 now;

	if (!now_on || (now_on->jid | jid) == 0)
		return 0;
	now = bpf_ktime_get_ns();
	if (now_on->jid != SJ_HOST) {
		__u32 left = (__u32)now_on->jid;

		row = bpf_map_lookup_elem(&cpu, &left);
		if (row && now > now_on->since_ns)
			charge(row, now_on->since_ns, now);
	}
	now_on->since_ns = now;
	now_on->jid = jid;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
