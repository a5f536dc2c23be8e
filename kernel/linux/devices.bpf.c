/* Devices a jail may open: those of its own /dev, whatever node it finds or makes elsewhere. */
#include "linux/denials.bpf.h"

SEC("cgroup/dev")
int jail_device(struct bpf_cgroup_dev_ctx *ctx)
{
	struct sj_ledger_key key = {};
	struct sj_settings *set;

	if (sj_device(ctx->access_type & 0xffff, ctx->access_type >> 16, ctx->major, ctx->minor))
		return SJ_ALLOW;
	set = the_settings();
	key.object.device.type = ctx->access_type & 0xffff;
	key.object.device.access = ctx->access_type >> 16;
	key.object.device.major = ctx->major;
	key.object.device.minor = ctx->minor;
	return deny(set ? current_member(set) : 0, SJ_RULE_DEVICE, &key, SJ_CURRENT);
}

char LICENSE[] SEC("license") = "GPL";
