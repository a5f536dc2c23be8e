/* No task of a jail writes a sysctl, whatever mount it reaches /proc/sys through. */
#include "linux/tables.bpf.h"

SEC("cgroup/sysctl")
int jail_sysctl(struct bpf_sysctl *ctx)
{
	struct sj_settings *set;
	struct sj_member *me;

	if (!ctx->write)
		return SJ_ALLOW;
	set = the_settings();
	me = set ? current_member(set) : 0;
	return count_denied(me ? me->jid : SJ_HOST, SJ_RULE_SYSCTL);
}

char LICENSE[] SEC("license") = "GPL";
