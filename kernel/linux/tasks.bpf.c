/* The processes of all jails in one pass over the machine's tasks; user space reads rows from the pinned iterator. */
#include "linux/tables.bpf.h"
#include "linux/structs.h"
#include "linux/membership.bpf.h"

#include <bpf/bpf_core_read.h>

/* A pointer as a number, which the verifier lets us reckon with. */
static __always_inline __u64 number_of(const void *pointer)
{
	__u64 number = 0;

	bpf_probe_read_kernel(&number, sizeof(number), &pointer);
	return number;
}

/* The address that stands for all parts of a per-CPU allocation, of one of ours: less this, the address of a CPU's part
 * is how far that CPU's parts of every allocation are away. The kernel's own table of this is a symbol that not every
 * kernel shows. 0: unknown. */
static __always_inline __u64 common_address(void)
{
	const __u32 at = bpf_core_field_offset(struct bpf_array, aux) + sizeof(void *); /* pptrs[0], which follows */
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), (void *)(number_of(&running) + at));
	return address;
}

struct resident {
	__u64 common;
	__u64 counters[3];
	__s64 pages;
};

static long add_cpu(__u32 at, struct resident *sum)
{
	__u32 zero = 0;
	const void *here = bpf_map_lookup_percpu_elem(&running, &zero, at);
	__u64 distance;
	int i, part;

	if (!here)
		return 1;
	distance = number_of(here) - sum->common;
	for (i = 0; i < 3; i++)
		if (!bpf_probe_read_kernel(&part, sizeof(part), (void *)(sum->counters[i] + distance)))
			sum->pages += part;
	return 0;
}

/* As /proc/PID/status has it: the sum, and what each CPU has not added to it yet (32 pages, more on large machines). */
static __always_inline __u64 resident_pages(struct mm_struct *mm)
{
	struct sj_settings *set = the_settings();
	struct resident sum = {};

	if (!set || !bpf_core_type_exists(struct percpu_counter) || !bpf_core_field_exists(mm->rss_stat) ||
	    !bpf_core_field_exists(struct bpf_array, aux))
		return SJ_UNKNOWN_PAGES;
	sum.common = common_address();
	if (!sum.common)
		return SJ_UNKNOWN_PAGES;
	sum.pages = mm->rss_stat[0].count + mm->rss_stat[1].count + mm->rss_stat[3].count;
	sum.counters[0] = (__u64)mm->rss_stat[0].counters;
	sum.counters[1] = (__u64)mm->rss_stat[1].counters;
	sum.counters[2] = (__u64)mm->rss_stat[3].counters;
	bpf_loop(set->cpus, add_cpu, &sum, 0);
	return sum.pages > 0 ? (__u64)sum.pages : 0;
}

SEC("iter/task")
int tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct sj_task_row row = {};
	struct sj_jail *jail;
	__u32 jid;

	/* A leader stands for its process, as in cgroup.procs; one without a live thread is a zombie. */
	if (!task || task->signal->live.counter == 0 || (task->pid != task->tgid && !task->on_cpu))
		return 0;
	jid = jid_of_task(task);
	if (jid == SJ_HOST)
		return 0;
	row.jid = jid;
	if (task->on_cpu) {
		row.on_cpu = 1;
		row.cpu = task->thread_info.cpu;
		row.slice_from_ns = bpf_ktime_get_ns() - (task->se.sum_exec_runtime - task->se.prev_sum_exec_runtime);
	}
	if (task->pid != task->tgid)
		goto out;
	jail = bpf_map_lookup_elem(&jails, &jid);
	row.pid = (__u32)task->tgid;
	row.threads = (__u32)task->signal->nr_threads;
	row.is_anchor = jail && jail->anchor == row.pid;
	if (task->mm) {
		row.vmem_pages = task->mm->total_vm;
		row.rss_pages = resident_pages(task->mm);
	}
out:
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
