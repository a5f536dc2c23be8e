/* The one place where a program says no: counts, and enters the ledger. */
#ifndef SECMODEL_JAIL_DENIALS_BPF_H
#define SECMODEL_JAIL_DENIALS_BPF_H

#include "linux/tables.bpf.h"
#include "abi/denials.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SJ_LEDGER_ROWS);
	__type(key, struct sj_ledger_key);
	__type(value, struct sj_ledger_row);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} ledger SEC(".maps");

static __always_inline void again(struct sj_ledger_row *row, const struct sj_ledger_row *fresh)
{
	__sync_fetch_and_add(&row->count, 1);
	if (!row->first_ns)
		row->first_ns = fresh->first_ns;
	row->last_ns = fresh->last_ns;
	row->uid = fresh->uid;
	row->pid = fresh->pid;
}

/* The same is written in C++ in src/secmodel/ledger.cpp, for what a supervisor refuses. */
static __always_inline void enter_ledger(struct sj_ledger_key *key, struct sj_ledger_row *fresh)
{
	struct sj_ledger_row *row = bpf_map_lookup_elem(&ledger, key);
	struct sj_ledger_key head_key = {};
	struct sj_ledger_row *head;

	if (row) {
		again(row, fresh);
		return;
	}
	head_key.jid = key->jid;
	head_key.rule = key->rule;
	head = bpf_map_lookup_elem(&ledger, &head_key);
	if (!head) {
		const __u64 now = fresh->first_ns;

		/* `fresh` stands in for a row of zeros: the stack of a program and what it calls ends at 512 bytes. */
		fresh->count = fresh->first_ns = 0;
		bpf_map_update_elem(&ledger, &head_key, fresh, BPF_NOEXIST);
		fresh->count = 1;
		fresh->first_ns = now;
		head = bpf_map_lookup_elem(&ledger, &head_key);
		if (!head)
			return; /* the table is full: the counter has it */
	}
	if (head->listed < SJ_LEDGER_SHARE && bpf_map_update_elem(&ledger, key, fresh, BPF_NOEXIST) == 0) {
		__sync_fetch_and_add(&head->listed, 1);
		return;
	}
	row = bpf_map_lookup_elem(&ledger, key); /* another CPU was first, or the share is used up */
	again(row ? row : head, fresh);
}

/* Who was refused: the current task, or, where a packet is refused, nobody that is known. */
enum sj_who { SJ_CURRENT, SJ_UNKNOWN };

/* me NULL: the host. key: object filled in, the rest 0. */
static __always_inline int deny(const struct sj_member *me, enum sj_rule rule, struct sj_ledger_key *key,
                                enum sj_who who)
{
	__u32 jid = me ? me->jid : SJ_HOST;
	struct sj_ledger_row fresh = {};

	/* A packet may be meant for anybody in the jail; and `jailctl verify` sees by the count that its own were
	 * dropped. */
	if (me && me->quiet && who == SJ_CURRENT)
		return SJ_DENY;
	count_denied(jid, rule);
	key->jid = jid;
	key->rule = rule;
	fresh.count = 1;
	fresh.first_ns = fresh.last_ns = bpf_ktime_get_boot_ns();
	if (who == SJ_CURRENT) {
		bpf_get_current_comm(key->comm, sizeof(key->comm));
		fresh.uid = (__u32)bpf_get_current_uid_gid();
		fresh.pid = (__u32)(bpf_get_current_pid_tgid() >> 32);
	}
	enter_ledger(key, &fresh);
	return SJ_DENY;
}

/* The same where the object is an address and a port. */
static __noinline int deny_port(const struct sj_member *me, enum sj_rule rule, const struct sj_port_object *object,
                                enum sj_who who)
{
	struct sj_ledger_key key = {};

	if (!object)
		return SJ_DENY;
	key.object.port = *object;
	sj_addr_normalise(&key.object.port.at);
	return deny(me, rule, &key, who);
}

#endif
