/* Run once by the loader, attached nowhere: the level of a cgroup in the whole tree, which user space cannot see from
 * within a cgroup namespace. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "linux/structs.h"

extern struct cgroup *bpf_cgroup_from_id(__u64 id) __ksym;
extern void bpf_cgroup_release(struct cgroup *cgroup) __ksym;

struct level_question {
	__u64 cgroup_id;
	__s64 level; /* answer; -1: no such cgroup */
};

SEC("syscall")
int level(struct level_question *ctx)
{
	struct cgroup *cgroup = bpf_cgroup_from_id(ctx->cgroup_id);

	ctx->level = -1;
	if (!cgroup)
		return 0;
	ctx->level = cgroup->level;
	bpf_cgroup_release(cgroup);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
