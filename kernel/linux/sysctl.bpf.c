/* No task of a jail writes a sysctl, whatever mount it reaches /proc/sys through. */
#include "linux/denials.bpf.h"

SEC("cgroup/sysctl")
int jail_sysctl(struct bpf_sysctl *ctx)
{
	struct sj_ledger_key key = {};
	struct sj_settings *set;

	if (!ctx->write)
		return SJ_ALLOW;
	set = the_settings();
	bpf_sysctl_get_name(ctx, key.object.sysctl, sizeof(key.object.sysctl), 0);
	return deny(set ? current_member(set) : 0, SJ_RULE_SYSCTL, &key, SJ_CURRENT);
}

char LICENSE[] SEC("license") = "GPL";
