/* The capabilities that a jail keeps: the bounding set of everything in it, jail root included. */
#ifndef SECMODEL_JAIL_CAPABILITY_POLICY_H
#define SECMODEL_JAIL_CAPABILITY_POLICY_H

#include "abi/permissions.h"

/* Ordinary root work on the jail's own files and processes; in every profile, and no permission of its own. */
#define SJ_CAPS_BASE                                                                                                   \
	(SJ_CAP(CHOWN) | SJ_CAP(FOWNER) | SJ_CAP(FSETID) | SJ_CAP(DAC_OVERRIDE) | SJ_CAP(SETUID) | SJ_CAP(SETGID) |    \
	 SJ_CAP(KILL) | SJ_CAP(SETPCAP))

/* `high` gets NET_BIND_SERVICE only when it reserved a port below 1024. */
static inline __u64 sj_capabilities(__u32 profile, __u64 permissions, int has_low_port)
{
	__u64 caps = SJ_CAPS_BASE;

	if (profile != SJ_PROFILE_HIGH || has_low_port)
		caps |= SJ_CAP(NET_BIND_SERVICE);
	for (unsigned id = 0; id < SJ_PERMS; id++)
		if (sj_has(permissions, id))
			caps |= sj_permissions[id].capabilities;
	return caps & ~SJ_CAPS_NEVER;
}

/* no_new_privs: su and sudo must work in low and medium, so only high has it. */
static inline int sj_no_new_privs(__u64 permissions)
{
	return !sj_has(permissions, SJ_PERM_SUID);
}

#endif
