/* The processes of all jails in one pass over the machine's tasks; user space reads rows from the pinned iterator. */
#include "linux/tables.bpf.h"
#include "linux/structs.h"
#include "linux/membership.bpf.h"

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
	if (task->mm)
		row.vmem_pages = task->mm->total_vm;
out:
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
