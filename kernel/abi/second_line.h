/* What the BPF LSM programs decide. They are a second line, where a kernel takes them: nothing else rests on them. */
#ifndef SECMODEL_JAIL_SECOND_LINE_H
#define SECMODEL_JAIL_SECOND_LINE_H

#include "abi/secmodel_jail.h"

/* Open files that are charged to jails, of all jails with a limit together. */
#define SJ_OPEN_FILES_MAX 262144
/* Table "open_files": address of a struct file -> jid that it is charged to. */

/* May a process in jail `caller` signal, trace or change one in jail `target`? privileged: the caller has the host's
 * right to do so to anybody, which in a jail counts for nothing beyond that jail. */
static inline int sj_may_reach(__u32 caller, __u32 target, int privileged)
{
	if (caller == target)
		return SJ_ALLOW;
	return caller == SJ_HOST && privileged ? SJ_ALLOW : SJ_DENY;
}

/* May a jail of `profile` bind a name of its choice in the abstract namespace, which it has in common with the host?
 * As with ports: low follows the ordinary rules. */
static inline int sj_abstract_bind(__u32 profile)
{
	return profile == SJ_PROFILE_LOW ? SJ_ALLOW : SJ_DENY;
}

#endif
