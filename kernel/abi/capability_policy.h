/* The capabilities each profile keeps: the bounding set of everything in the jail, jail root included. */
#ifndef SECMODEL_JAIL_CAPABILITY_POLICY_H
#define SECMODEL_JAIL_CAPABILITY_POLICY_H

#include "abi/secmodel_jail.h"

#include <linux/capability.h>

#define SJ_CAP(name) (1ULL << CAP_##name)

#define SJ_CAPS_HIGH                                                                                                   \
	(SJ_CAP(CHOWN) | SJ_CAP(FOWNER) | SJ_CAP(FSETID) | SJ_CAP(DAC_OVERRIDE) | SJ_CAP(SETUID) | SJ_CAP(SETGID) |    \
	 SJ_CAP(KILL) | SJ_CAP(SETPCAP))
/* SYS_PTRACE shows root the whole jail under hidepid; it ends at the Landlock domain (SECURITY W03). */
#define SJ_CAPS_MEDIUM                                                                                                 \
	(SJ_CAPS_HIGH | SJ_CAP(NET_BIND_SERVICE) | SJ_CAP(SETFCAP) | SJ_CAP(SYS_PTRACE) | SJ_CAP(IPC_OWNER))
#define SJ_CAPS_LOW (SJ_CAPS_MEDIUM | SJ_CAP(SYS_CHROOT) | SJ_CAP(AUDIT_WRITE) | SJ_CAP(LINUX_IMMUTABLE))

/* `high` gets NET_BIND_SERVICE only when it reserved a port below 1024. */
static inline __u64 sj_capabilities(__u32 profile, int has_low_port)
{
	switch (profile) {
	case SJ_PROFILE_LOW:
		return SJ_CAPS_LOW;
	case SJ_PROFILE_MEDIUM:
		return SJ_CAPS_MEDIUM;
	default:
		return SJ_CAPS_HIGH | (has_low_port ? SJ_CAP(NET_BIND_SERVICE) : 0);
	}
}

/* no_new_privs: su and sudo must work in low and medium, so only high has it. */
static inline int sj_no_new_privs(__u32 profile)
{
	return profile == SJ_PROFILE_HIGH;
}

#endif
