/* The second line between processes, where the kernel takes BPF LSM programs. What leaves a jail is stopped by Landlock
 * and the filter before; what these add is the other direction: an unprivileged process of the host has no power over a
 * jailed one, not even of its own uid. Whatever is not about a jail is allowed. */
#include "abi/second_line.h"
#include "linux/denials.bpf.h"
#include "linux/structs.h"
#include "linux/membership.bpf.h"

#include <bpf/bpf_tracing.h>

#define EPERM 1
#define CAP_KILL 5
#define CAP_SYS_PTRACE 19
#define CAP_SYS_NICE 23
#define CAP_SYS_RESOURCE 24
#define PTRACE_MODE_ATTACH 2
#define PTRACE_MODE_NOAUDIT 4

/* Over every process of the host, so by its root or in its own user namespace. The real uid counts as well: a
 * supervisor lends its effective one to who asked (supervise/proxy.h), and whose real uid is 0 is root when it wants to
 * be. */
static __always_inline int has(const struct task_struct *task, int capability)
{
	const struct cred *cred = task->cred;

	if (cred->euid.val == 0 || cred->uid.val == 0)
		return 1;
	return cred->user_ns->level == 0 && (cred->cap_effective.val >> capability & 1);
}

static __always_inline int may_reach(struct task_struct *target, int capability, __u32 *jid)
{
	struct task_struct *caller = bpf_get_current_task_btf();
	const __u32 from = jid_of_task(caller);

	*jid = jid_of_task(target);
	return (from | *jid) == SJ_HOST || sj_may_reach(from, *jid, has(caller, capability));
}

/* Always EPERM: for ESRCH kill(2) tries again, and for ever. */
static __noinline int refuse(enum sj_rule rule, __u32 jid, __u32 what)
{
	struct sj_settings *set = the_settings();
	struct sj_ledger_key key = {};

	key.object.process.jid = jid;
	key.object.process.what = what;
	if (set)
		deny(current_member(set), rule, &key, SJ_CURRENT);
	return -EPERM;
}

/* The fourth argument, a struct cred that is NULL but for USB, must not be asked for that: the verifier takes arguments
 * of hooks for valid pointers, and drops the branch where it is NULL (tried on 6.12: the program allowed everything).
 */
SEC("lsm/task_kill")
int BPF_PROG(lsm_kill, struct task_struct *target, struct kernel_siginfo *info, int number)
{
	__u32 jid;

	if (may_reach(target, CAP_KILL, &jid))
		return 0;
	refuse(SJ_RULE_SIGNAL, jid, (__u32)number);
	return -EPERM;
}

/* Reading, as ps(1) does of every process, is refused without a record. */
SEC("lsm/ptrace_access_check")
int BPF_PROG(lsm_ptrace, struct task_struct *target, unsigned int mode)
{
	__u32 jid;

	if (may_reach(target, CAP_SYS_PTRACE, &jid))
		return 0;
	if ((mode & PTRACE_MODE_ATTACH) && !(mode & PTRACE_MODE_NOAUDIT))
		refuse(SJ_RULE_TRACE, jid, 0);
	return -EPERM;
}

/* A child of the supervisor would make that its tracer. Privilege does not count: it is the tracee that asks. */
SEC("lsm/ptrace_traceme")
int BPF_PROG(lsm_traceme, struct task_struct *parent)
{
	const __u32 own = jid_of_task(bpf_get_current_task_btf());
	const __u32 jid = jid_of_task(parent);

	if (own == SJ_HOST || own == jid)
		return 0;
	refuse(SJ_RULE_TRACE, jid, 0);
	return -EPERM;
}

static __always_inline int adjust(struct task_struct *target, int capability, __u32 what)
{
	__u32 jid;

	if (may_reach(target, capability, &jid))
		return 0;
	refuse(SJ_RULE_ADJUST, jid, what);
	return -EPERM;
}

SEC("lsm/task_setrlimit")
int BPF_PROG(lsm_setrlimit, struct task_struct *target, unsigned int resource, struct rlimit *limit)
{
	return adjust(target, CAP_SYS_RESOURCE, SJ_LIMIT);
}

SEC("lsm/task_setnice")
int BPF_PROG(lsm_setnice, struct task_struct *target, int nice)
{
	return adjust(target, CAP_SYS_NICE, SJ_NICE);
}

SEC("lsm/task_setscheduler")
int BPF_PROG(lsm_setscheduler, struct task_struct *target)
{
	return adjust(target, CAP_SYS_NICE, SJ_SCHEDULER);
}

SEC("lsm/task_setioprio")
int BPF_PROG(lsm_setioprio, struct task_struct *target, int priority)
{
	return adjust(target, CAP_SYS_NICE, SJ_IO_PRIORITY);
}

SEC("lsm/task_movememory")
int BPF_PROG(lsm_movememory, struct task_struct *target)
{
	return adjust(target, CAP_SYS_NICE, SJ_MEMORY_NODE);
}

char LICENSE[] SEC("license") = "GPL";
