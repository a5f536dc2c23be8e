/* The kernel structures that the programs read, by hand: only the members we use, relocated to the running kernel at
 * load time (CO-RE). Not the vmlinux.h of one machine. */
#ifndef SECMODEL_JAIL_STRUCTS_H
#define SECMODEL_JAIL_STRUCTS_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	__u64 id;
};

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	int level;
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
	int nr_threads;
};

struct percpu_counter {
	long long count;
	int *counters; /* per CPU */
};

struct mm_struct {
	unsigned long total_vm;
	struct percpu_counter rss_stat[4]; /* Linux 6.2; files, anonymous, swap, shared memory */
};

struct bpf_array {
	void *aux;
};

struct thread_info {
	__u32 cpu;
};

struct sched_entity {
	__u64 sum_exec_runtime;
	__u64 prev_sum_exec_runtime; /* its value when the task was last put on a CPU; kept by the fair class only */
};

typedef struct {
	__u32 val;
} kuid_t;

typedef struct {
	__u64 val; /* one word since Linux 6.3 */
} kernel_cap_t;

struct user_namespace {
	int level; /* 0: the host's */
};

struct cred {
	kuid_t uid;
	kuid_t euid;
	kernel_cap_t cap_effective;
	struct user_namespace *user_ns;
};

struct task_struct {
	struct thread_info thread_info;
	int on_cpu;
	struct sched_entity se;
	int pid;
	int tgid;
	struct css_set *cgroups;
	const struct cred *cred;
	struct signal_struct *signal;
	struct mm_struct *mm;
};

struct netns_ipv4 {
	int sysctl_tcp_rmem[3]; /* least, default, most; IPv6 too */
	int sysctl_tcp_wmem[3];
};

struct net {
	__u64 net_cookie;
	struct netns_ipv4 ipv4;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	__u16 skc_num; /* the port it is bound to, in host order */
	unsigned short skc_family;
	possible_net_t skc_net;
};

struct sock_cgroup_data {
	struct cgroup *cgroup;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	int sk_rcvbuf;
	int sk_sndbuf;
	unsigned char sk_userlocks : 4;
	struct sock_cgroup_data sk_cgrp_data;
};

struct socket {
	struct sock *sk;
};

struct sockaddr {
	unsigned short sa_family;
};

struct file;
struct kernel_siginfo;
struct rlimit;

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

#endif
