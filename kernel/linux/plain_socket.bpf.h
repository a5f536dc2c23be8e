/* All of a socket that a program was given, and not only what struct bpf_sock shows of it. */
#ifndef SECMODEL_JAIL_PLAIN_SOCKET_BPF_H
#define SECMODEL_JAIL_PLAIN_SOCKET_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "linux/structs.h"

extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym; /* Linux 6.2 */

static __always_inline struct sock *plain_socket(struct bpf_sock *sk)
{
	return bpf_rdonly_cast(sk, bpf_core_type_id_kernel(struct sock));
}

#endif
