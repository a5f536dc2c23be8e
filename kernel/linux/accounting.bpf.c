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

/* When `task` leaves a CPU that it was not seen to enter: it was moved into its jail since, or came after a task whose
 * own switches are not reported (a kernel may exempt threads of pid 1; seen on 6.18). Its slice as the scheduler counts
 * it, and never from before the last switch that was seen. */
static __always_inline __u64 unseen_start(struct task_struct *task, __u64 last_switch, __u64 now)
{
	__u64 ran = task->se.sum_exec_runtime - task->se.prev_sum_exec_runtime;

	return ran < now - last_switch ? now - ran : last_switch;
}

/* The jail of a task, looked up only if its cgroup is not that of the jailed task which is `on` the CPU. */
static __always_inline __u32 jid_beside(struct task_struct *task, const struct sj_running *on)
{
	struct cgroup *cgroup = task->cgroups->dfl_cgrp;

	if (on->jid && cgroup->kn->id == on->cgroup)
		return (__u32)on->jid;
	return jid_of_cgroup(cgroup);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(account, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u32 zero = 0;
	struct sj_running *now_on = bpf_map_lookup_elem(&running, &zero);
	__u32 left, jid;
	struct sj_cpu *row;
	__u64 now, from;

	if (!now_on)
		return 0;
	left = jid_beside(prev, now_on);
	jid = jid_beside(next, now_on);
	/* Between host tasks nothing is counted; between tasks of one jail its slice goes on. */
	if (now_on->jid == left && left == jid)
		return 0;
	now = bpf_ktime_get_ns();
	from = now_on->since_ns;
	if (now_on->jid != left)
		from = unseen_start(prev, from, now);
	if (left != SJ_HOST) {
		row = bpf_map_lookup_elem(&cpu, &left);
		if (row && now > from)
			charge(row, from, now);
	}
	now_on->since_ns = now;
	now_on->jid = jid;
	now_on->cgroup = next->cgroups->dfl_cgrp->kn->id;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
