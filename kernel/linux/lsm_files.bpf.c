/* The open files of a jail that has a limit of them, where the kernel takes BPF LSM programs: struct file, so that a
 * descriptor that was duplicated or inherited counts once. There is no storage in a file for programs, hence a table of
 * addresses. While a build is replaced both programs see each file: the table tells who was first. */
#include "abi/second_line.h"
#include "linux/denials.bpf.h"
#include "linux/structs.h"
#include "linux/membership.bpf.h"

#include <bpf/bpf_tracing.h>

#define ENFILE 23
#define EEXIST 17

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SJ_OPEN_FILES_MAX);
	__type(key, __u64);
	__type(value, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} open_files SEC(".maps");

SEC("lsm/file_alloc_security")
int BPF_PROG(lsm_file_alloc, struct file *file)
{
	struct sj_member *me = member_of_cgroup(bpf_get_current_task_btf()->cgroups->dfl_cgrp);
	struct sj_ledger_key entry = {};
	const __u64 key = (__u64)file;
	struct sj_denied *counters;
	__u32 jid;
	__u64 had;
	long error;

	if (!me || !me->files)
		return 0;
	jid = me->jid;
	counters = bpf_map_lookup_elem(&denied, &jid);
	if (!counters)
		return 0;
	error = bpf_map_update_elem(&open_files, &key, &jid, BPF_NOEXIST);
	if (error == -EEXIST)
		return 0;
	if (!error) {
		had = __sync_fetch_and_add(&counters->files_open, 1);
		if (had < me->files) {
			if (counters->files_peak <= had)
				counters->files_peak = had + 1;
			return 0;
		}
		__sync_fetch_and_add(&counters->files_open, (__u64)-1);
		bpf_map_delete_elem(&open_files, &key);
	}
	entry.object.files = me->files; /* or there is no room to charge it: what is not counted must not pass */
	deny(me, SJ_RULE_FILES, &entry, SJ_CURRENT);
	return -ENFILE;
}

SEC("lsm/file_free_security")
int BPF_PROG(lsm_file_free, struct file *file)
{
	const __u64 key = (__u64)file;
	__u32 *owner = bpf_map_lookup_elem(&open_files, &key);
	struct sj_denied *counters;
	__u32 jid;

	if (!owner)
		return 0;
	jid = *owner;
	if (bpf_map_delete_elem(&open_files, &key))
		return 0;
	counters = bpf_map_lookup_elem(&denied, &jid);
	if (counters)
		__sync_fetch_and_add(&counters->files_open, (__u64)-1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
