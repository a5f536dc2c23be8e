/* The tables of secmodel_jail, shared by all programs: libbpf creates each at the first load and reuses the pinned one
 * afterwards. What they hold is told in abi/secmodel_jail.h. */
#ifndef SECMODEL_JAIL_TABLES_BPF_H
#define SECMODEL_JAIL_TABLES_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "abi/secmodel_jail.h"

/* Rows are made by user space only, so nothing allocates in a program. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SJ_JAILS_MAX);
	__type(key, __u32);
	__type(value, struct sj_jail);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} jails SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SJ_JAILS_MAX);
	__type(key, __u64);
	__type(value, struct sj_member);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} members SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SJ_JAILS_MAX *SJ_PORTS_MAX);
	__type(key, __u32);
	__type(value, struct sj_port_row);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SJ_RESERVED_WORDS);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} reserved SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sj_settings);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SJ_JAILS_MAX);
	__type(key, __u32);
	__type(value, struct sj_cpu);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} cpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sj_running);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} running SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SJ_JAILS_MAX + 1); /* and the host */
	__type(key, __u32);
	__type(value, struct sj_denied);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} denied SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SJ_JAILS_MAX *SJ_GRANTS_MAX);
	__type(key, struct sj_grant_key);
	__type(value, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} grants SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct sj_peers);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} peers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SJ_JAILS_MAX);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} denied_calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SJ_JAILS_MAX);
	__type(key, __u32);
	__type(value, struct sj_denied_landlock);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} denied_landlock SEC(".maps");

static __always_inline struct sj_settings *the_settings(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&settings, &zero);
}

/* The jail whose cgroup, or a cgroup below it, the current task is in; NULL: none. */
static __always_inline struct sj_member *current_member(const struct sj_settings *set)
{
	__u64 id = bpf_get_current_ancestor_cgroup_id((int)set->jail_level);

	return id ? bpf_map_lookup_elem(&members, &id) : 0;
}

static __always_inline int count_denied(__u32 jid, enum sj_rule rule)
{
	struct sj_denied *row = bpf_map_lookup_elem(&denied, &jid);

	if (row)
		__sync_fetch_and_add(&row->count[rule], 1);
	return SJ_DENY;
}

#endif
