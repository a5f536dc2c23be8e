/* How large the buffers of each socket of a jail may be. One row for each jail with such a limit, kept by the kernel
 * with its cgroup and gone with it. */
#ifndef SECMODEL_JAIL_SOCKBUF_H
#define SECMODEL_JAIL_SOCKBUF_H

#include <linux/types.h>

struct sj_sockbuf_row {
	__u64 ceiling; /* bytes of sk_sndbuf, sk_rcvbuf, as SO_SNDBUF and SO_RCVBUF read them; 0: any */
	__u64 lowered; /* setsockopt(2) calls that asked for more */
};

#endif
