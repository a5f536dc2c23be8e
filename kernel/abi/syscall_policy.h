/* The syscall policy: the reference decision over its tables. The compiled seccomp filters are made from the same
 * tables and tested against sj_syscall() for every number. The rules come first; where none decides, the profile's
 * default does. User space only (x86_64 numbers). */
#ifndef SECMODEL_JAIL_SYSCALL_POLICY_H
#define SECMODEL_JAIL_SYSCALL_POLICY_H

#include "abi/syscall_high.h"
#include "abi/syscall_rules.h"

static inline int sj_high_allows(__u32 nr)
{
	for (unsigned i = 0; i < SJ_COUNT(sj_high_allow); i++)
		if (sj_high_allow[i] == nr)
			return 1;
	return 0;
}

/* The profile's answer for a number without (applying) rule: 0 allow, else an errno. */
static inline int sj_syscall_default(__u32 profile, __u32 nr)
{
	if (nr > SJ_SYSCALL_KNOWN_MAX)
		return ENOSYS;
	if (profile == SJ_PROFILE_HIGH && !sj_high_allows(nr))
		return EPERM;
	return 0;
}

static inline int sj_rule_stands(const struct sj_syscall_rule *r, __u64 permissions)
{
	return (r->unless == SJ_PERM_NONE || !sj_has(permissions, r->unless)) &&
	       (r->with == SJ_PERM_NONE || sj_has(permissions, r->with));
}

/* Is the call one that the supervisor answers, and so counts? ENOSYS is answered by the filter alone: programs ask
 * whether the kernel has a call (libc's clone3 at each fork) and take another, so nothing was denied. */
static inline int sj_is_told(int error)
{
	return error != 0 && error != ENOSYS;
}

/* Does the supervisor hold the filter's listener? The kernel takes one for each task, so a jail whose programs may have
 * their own has a filter that answers everything itself: nothing is told, and no call is made in the caller's name. */
static inline int sj_has_listener(__u64 permissions)
{
	return !sj_has(permissions, SJ_PERM_SECCOMP_LISTENER);
}

static inline int sj_condition_holds(const struct sj_condition *c, const __u64 *args)
{
	switch (c->op) {
	case SJ_EQ:
		return ((__u32)args[c->arg] & c->mask) == c->value;
	case SJ_NE:
		return ((__u32)args[c->arg] & c->mask) != c->value;
	case SJ_NONZERO64:
		return args[c->arg] != 0;
	default:
		return 1;
	}
}

/* The rule that decides; 0: none, so the profile's default. */
static inline const struct sj_syscall_rule *sj_deciding_rule(__u64 permissions, __u32 nr, const __u64 *args)
{
	for (unsigned i = 0; i < SJ_COUNT(sj_syscall_rules); i++) {
		const struct sj_syscall_rule *r = &sj_syscall_rules[i];

		if (r->nr == nr && sj_rule_stands(r, permissions) && sj_condition_holds(&r->when[0], args) &&
		    sj_condition_holds(&r->when[1], args))
			return r;
	}
	return 0;
}

/* The reference: what must the filter of `profile` with these permissions in force answer? 0 allow, else the errno. */
static inline int sj_syscall(__u32 profile, __u64 permissions, __u32 nr, const __u64 *args)
{
	const struct sj_syscall_rule *r = sj_deciding_rule(permissions, nr, args);

	return r ? r->error : sj_syscall_default(profile, nr);
}

/* The one refusal that does not hold for the anchor, which makes children of the supervisor for `exec`, as nobody else
 * needs to (W04): with the number of its launch as sixth argument (clone has five) the filter lets the call pass. */
static inline int sj_is_anchors(const struct sj_syscall_rule *r)
{
	return r->nr == SJ_NR(clone) && r->unless == SJ_PERM_SUID;
}

#endif
