/* Devices a jail may open: those of its own /dev, whatever node it finds or makes elsewhere. */
#include "linux/tables.bpf.h"

SEC("cgroup/dev")
int jail_device(struct bpf_cgroup_dev_ctx *ctx)
{
	struct sj_settings *set;
	struct sj_member *me;

	if (sj_device(ctx->access_type & 0xffff, ctx->access_type >> 16, ctx->major, ctx->minor))
		return SJ_ALLOW;
	set = the_settings();
	me = set ? current_member(set) : 0;
	return count_denied(me ? me->jid : SJ_HOST, SJ_RULE_DEVICE);
}

char LICENSE[] SEC("license") = "GPL";
