#include "launch/child.h"

#include "anchor/protocol.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace jails::launch {
namespace {

using anchor::kAnchorChannel;

const ChildPlan *plan; // the child has one thread and one purpose

[[noreturn]] void die(Step step, int error, uint32_t detail = 0) {
  const StepFailure failure{step, error, detail};
  if (write(plan->status, &failure, sizeof failure) < 0) _exit(126);
  _exit(127);
}

void need(bool good, Step step, uint32_t detail = 0) {
  if (!good) die(step, errno, detail);
}

int open_inside(int dir, const char *path, uint64_t flags) {
  open_how how{.flags = flags | O_PATH | O_CLOEXEC,
               .mode = 0,
               .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  return static_cast<int>(syscall(SYS_openat2, dir, path, &how, sizeof how));
}

// What lies below a mount of ours is looked for from that mount's own descriptor. By a path from the root it could be
// another place by now: another jail that shares the root may have moved the mount point (class of CVE-2025-31133).
int open_target(const char *path, uint64_t flags, uint32_t attached) {
  int from = plan->root;
  size_t skip = 0;
  for (uint32_t i = 0; i < attached; i++) {
    const size_t length = strlen(plan->mounts[i].target);
    if (length < skip || strncmp(path, plan->mounts[i].target, length) != 0 || path[length] != '/') continue;
    from = plan->mounts[i].mount;
    skip = length + 1;
  }
  return open_inside(from, path + skip, flags);
}

bool attach(int mount, int target) {
  return syscall(SYS_move_mount, mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0;
}

void join_cgroups() {
  for (int i = 0; i < plan->cgroup_count; i++)
    need(write(plan->cgroups[i], "0", 1) == 1, Step::Cgroup, static_cast<uint32_t>(i));
}

// Namespaces come after the cgroups, so that the cgroup namespace has the jail's own cgroup as its root.
void enter_namespaces() {
  need(unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP) == 0, Step::Namespaces);
  need(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, Step::PrivateMounts);
}

void attach_mounts() {
  const int old_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  need(old_root >= 0 && attach(plan->root, old_root), Step::AttachRoot);
  for (uint32_t i = 0; i < plan->mount_count; i++) {
    const int target = open_target(plan->mounts[i].target, O_DIRECTORY, i);
    need(target >= 0 && attach(plan->mounts[i].mount, target), Step::AttachMount, i);
    close(target);
  }
}

// POSIX message queues belong to the IPC namespace that makes the mount, so this one cannot come from the parent.
void mount_message_queues() {
  const int context = static_cast<int>(syscall(SYS_fsopen, "mqueue", FSOPEN_CLOEXEC));
  need(context >= 0, Step::MessageQueues);
  need(syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0, Step::MessageQueues);
  const int queue = static_cast<int>(
      syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
  const int target = open_target("dev/mqueue", O_DIRECTORY, plan->mount_count);
  need(queue >= 0 && target >= 0 && attach(queue, target), Step::MessageQueues);
}

// Puts a read-only copy of `what` over `path`. A path that this kernel does not have needs no mask.
void cover(const char *what, const char *path, uint32_t detail) {
  const int target = open_target(path, 0, plan->mount_count);
  if (target < 0 && errno == ENOENT) return;
  need(target >= 0, Step::ProcMask, detail);
  const int source = what == path ? target : open_target(what, 0, plan->mount_count);
  need(source >= 0, Step::ProcMask, detail);
  const int copy =
      static_cast<int>(syscall(SYS_open_tree, source, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  need(copy >= 0, Step::ProcMask, detail);
  mount_attr attributes{.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
                        .attr_clr = 0,
                        .propagation = 0,
                        .userns_fd = 0};
  need(syscall(SYS_mount_setattr, copy, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0, Step::ProcMask,
       detail);
  need(attach(copy, target), Step::ProcMask, detail);
  if (source != target) close(source);
  close(target);
  close(copy);
}

// uid 0 passes the permission bits of /proc, so what is host-global there is read-only or covered (W24). Directories
// are covered by the parent, with empty file systems.
void mask_proc() {
  constexpr const char *kReadOnly[] = {"proc/sys", "proc/sysrq-trigger", "proc/irq", "proc/bus",
                                       "proc/fs",  "proc/mtrr",          "proc/tty", "proc/driver"};
  constexpr const char *kFiles[] = {"proc/kcore",         "proc/keys",       "proc/key-users",   "proc/kmsg",
                                    "proc/latency_stats", "proc/timer_list", "proc/sched_debug", "proc/interrupts",
                                    "proc/kallsyms",      "proc/slabinfo",   "proc/kpagecgroup", "proc/kpagecount",
                                    "proc/kpageflags"};
  uint32_t detail = 0;
  for (const char *path : kReadOnly) cover(path, path, detail++);
  for (const char *path : kFiles) cover("dev/null", path, detail++);
}

void pivot() {
  need(fchdir(plan->root) == 0, Step::PivotRoot);
  need(syscall(SYS_pivot_root, ".", ".") == 0, Step::PivotRoot);
  need(umount2(".", MNT_DETACH) == 0, Step::PivotRoot);
  need(chdir("/") == 0, Step::PivotRoot);
}

void set_process_state() {
  need(sethostname(plan->hostname, strlen(plan->hostname)) == 0, Step::Hostname);
  need(setsid() >= 0, Step::Session);
  need(setgroups(0, nullptr) == 0, Step::Groups);
  umask(022);
  // Exactly 1 stops the core dump helper (core(5)); the filter keeps the jail from changing it (W37), unless it may.
  const rlimit core{1, plan->core_dumps ? RLIM_INFINITY : 1};
  need(setrlimit(RLIMIT_CORE, &core) == 0, Step::CoreLimit);
  for (int signal = 1; signal < NSIG; signal++) ::signal(signal, SIG_DFL); // EINVAL for KILL and STOP
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Each right is tried while every other guard is still off: what fails now fails by Landlock alone.
void enter_domain() {
  need(syscall(SYS_landlock_restrict_self, plan->landlock, plan->landlock_flags) == 0, Step::Landlock);
  if (kill(plan->parent, 0) == 0 || errno != EPERM) die(Step::LandlockCheck, 0, 1);
  if (mount("none", "/", "tmpfs", 0, nullptr) == 0 || errno != EPERM) die(Step::LandlockCheck, 0, 2);
  if (mknod("/dev/shm/.landlock", S_IFCHR | 0600, makedev(1, 3)) == 0 || errno != EACCES)
    die(Step::LandlockCheck, 0, 3);
}

void drop_bounding_set() {
  for (unsigned cap = 0; cap <= 63; cap++) {
    if ((plan->capabilities >> cap & 1U) != 0) continue;
    if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0) {
      if (errno == EINVAL && cap > CAP_LAST_CAP) return; // above the kernel's last
      die(Step::BoundingSet, errno, cap);
    }
  }
}

// The supervisor gets the listener before anything of the jail runs, and nothing in the jail keeps it: whoever held it
// could answer for the supervisor.
bool send_listener(int listener) {
  char byte = 'L';
  iovec part{.iov_base = &byte, .iov_len = 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof listener)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof listener);
  memcpy(CMSG_DATA(header), &listener, sizeof listener);
  return sendmsg(plan->channel, &message, MSG_NOSIGNAL) == 1 && close(listener) == 0;
}

// A call that the supervisor has begun to answer is not interrupted by signals (WAIT_KILLABLE_RECV, Linux 5.19): it
// would be made, and counted, again.
void set_filter() {
  const unsigned flags =
      plan->listener ? SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV : 0U;
  const int listener = static_cast<int>(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &plan->filter));
  need(listener >= 0, Step::Filter);
  if (plan->listener) need(send_listener(listener), Step::Listener);
}

// The filter is set while CAP_SYS_ADMIN is still there: without no_new_privs the kernel wants it (seccomp(2)).
void drop_privileges() {
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  drop_bounding_set();
  if (plan->no_new_privs) need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, Step::NoNewPrivs);
  set_filter();
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const auto low = static_cast<uint32_t>(plan->capabilities);
  const auto high = static_cast<uint32_t>(plan->capabilities >> 32U);
  const __user_cap_data_struct data[2]{{low, low, 0}, {high, high, 0}};
  need(syscall(SYS_capset, &header, data) == 0, Step::Capabilities);
}

} // namespace

void become_anchor(const ChildPlan &the_plan) {
  plan = &the_plan;
  need(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, Step::Parent);
  if (getppid() != plan->parent) die(Step::Parent, ESRCH); // it died before the line above
  join_cgroups();
  enter_namespaces();
  attach_mounts();
  mount_message_queues();
  if (plan->mask_proc) mask_proc();
  pivot();
  set_process_state();
  enter_domain();
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  need(null >= 0, Step::Descriptors);
  for (int fd = 0; fd < 3; fd++) need(dup2(null, fd) == fd, Step::Descriptors);
  drop_privileges();
  // The parent took care that none of the three is below 6.
  need(dup2(plan->channel, kAnchorChannel) == kAnchorChannel, Step::Descriptors);
  need(dup3(plan->program, 4, O_CLOEXEC) == 4, Step::Descriptors);
  need(dup3(plan->status, 5, O_CLOEXEC) == 5, Step::Descriptors);
  if (plan->file_limit != 0) { // not before: what is arranged above needs more than a small limit leaves
    const rlimit files{plan->file_limit, plan->file_limit};
    need(setrlimit(RLIMIT_NOFILE, &files) == 0, Step::FileLimit);
  }
  need(close_range(6, ~0U, 0) == 0, Step::Descriptors);
  char *const argv[] = {plan->title, nullptr};
  char *const envp[] = {nullptr};
  syscall(SYS_execveat, 4, "", argv, envp, AT_EMPTY_PATH);
  const StepFailure failure{Step::Exec, errno, 0};
  (void)!write(5, &failure, sizeof failure);
  _exit(127);
}

const char *step_name(Step step) {
  switch (step) {
  case Step::Parent: return "parent check";
  case Step::Cgroup: return "joining a cgroup";
  case Step::Namespaces: return "mount, IPC, UTS and cgroup namespaces";
  case Step::PrivateMounts: return "making mounts private";
  case Step::AttachRoot: return "attaching the root";
  case Step::AttachMount: return "attaching a mount";
  case Step::MessageQueues: return "mounting /dev/mqueue";
  case Step::ProcMask: return "masking /proc and /sys";
  case Step::PivotRoot: return "pivot_root";
  case Step::Hostname: return "host name";
  case Step::Session: return "setsid";
  case Step::Groups: return "dropping supplementary groups";
  case Step::CoreLimit: return "core limit";
  case Step::FileLimit: return "open-file limit";
  case Step::NoNewPrivs: return "no_new_privs";
  case Step::Landlock: return "Landlock domain";
  case Step::LandlockCheck: return "Landlock domain does not hold";
  case Step::BoundingSet: return "capability bounding set";
  case Step::Filter: return "seccomp filter";
  case Step::Listener: return "handing over the filter's listener";
  case Step::Capabilities: return "capabilities";
  case Step::Descriptors: return "descriptors";
  case Step::Exec: return "executing the anchor";
  }
  return "unknown step";
}

} // namespace jails::launch
