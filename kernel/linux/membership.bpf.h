/* The jail of a task that is not the current one, or of a socket (there are helpers for others), by plain loads from
 * its cgroup. */
#ifndef SECMODEL_JAIL_MEMBERSHIP_BPF_H
#define SECMODEL_JAIL_MEMBERSHIP_BPF_H

#define BELOW_JAIL_MAX 8 /* levels of cgroups below a jail's that are looked through */

static __always_inline struct sj_member *member_of_cgroup(struct cgroup *cgroup)
{
	struct cgroup_subsys_state *parent;
	struct sj_settings *set;
	__u64 id;
	int i, above;

	/* A jail is two levels below the root or deeper: most tasks of a host leave here, the rest at the parent's id.
	 */
	if (cgroup->level < 2)
		return 0;
	set = the_settings();
	if (!set)
		return 0;
	above = cgroup->level - (int)set->jail_level;
	for (i = 0; i < BELOW_JAIL_MAX; i++) {
		if (above <= i)
			break;
		parent = cgroup->self.parent;
		if (!parent)
			return 0;
		cgroup = parent->cgroup;
	}
	parent = cgroup->self.parent;
	if (!parent || parent->cgroup->kn->id != set->parent_cgroup)
		return 0;
	id = cgroup->kn->id;
	return bpf_map_lookup_elem(&members, &id);
}

static __always_inline __u32 jid_of_cgroup(struct cgroup *cgroup)
{
	struct sj_member *member = member_of_cgroup(cgroup);

	return member ? member->jid : SJ_HOST;
}

static __always_inline __u32 jid_of_task(struct task_struct *task)
{
	return jid_of_cgroup(task->cgroups->dfl_cgrp);
}

#endif
