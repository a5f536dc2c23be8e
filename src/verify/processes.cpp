// Processes: seeing, signalling, tracing and steering those of the host and of the decoy jail.
#include "base/text.h"
#include "verify/canary.h"
#include "verify/host.h"
#include "verify/trial.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

namespace jails::verify {
namespace {

void see(Trial &trial) {
  Probe &probe = trial.probe();
  for (const auto *list : {&trial.targets().processes, &trial.targets().bystanders})
    for (const auto &target : *list) {
      const uint64_t path = probe.text(fmt::format("/proc/{}", target.pid));
      const uint64_t at = probe.space(sizeof(struct stat));
      trial.refused("stat of /proc/PID", probe.call(SYS_newfstatat, {AT_FDCWD, path, at, 0}), {ENOENT}, target.label);
      const uint64_t file = probe.text(fmt::format("/proc/{}/cmdline", target.pid));
      const long fd = probe.call(SYS_openat, {AT_FDCWD, file, O_RDONLY | O_CLOEXEC});
      trial.refused("open of /proc/PID/cmdline", fd, {ENOENT}, target.label);
      if (fd >= 0) probe.call(SYS_close, {fd});
    }
}

// Everything that /proc lists must be a member; a process that ended meanwhile is one of nobody's.
void view(Trial &trial) {
  std::vector<pid_t> listed;
  for (const auto &name : trial.probe().list("/proc"))
    if (const auto pid = parse_int<pid_t>(name)) listed.push_back(*pid);
  const auto members = members_of(trial.subject());
  if (!members) {
    trial.judged("a process that is no member", true, false, members.error().text());
    return;
  }
  for (const pid_t pid : listed) {
    const bool foreign = !members->contains(pid) && kill(pid, 0) == 0;
    trial.judged("a process that is no member", foreign, false,
                 foreign ? fmt::format("/proc lists process {}, which is not in the jail's cgroup", pid)
                         : "members only");
  }
}

void signal(Trial &trial) {
  Probe &probe = trial.probe();
  siginfo_t info{};
  info.si_signo = SIGUSR1;
  info.si_code = SI_QUEUE;
  for (const auto &[label, pid, address] : trial.targets().processes) {
    trial.refused("kill", probe.call(SYS_kill, {pid, SIGUSR1}), {EPERM}, label);
    trial.refused("tkill", probe.call(SYS_tkill, {pid, SIGUSR1}), {EPERM}, label);
    trial.refused("tgkill", probe.call(SYS_tgkill, {pid, pid, SIGUSR1}), {EPERM}, label);
    trial.refused("kill of its group", probe.call(SYS_kill, {-pid, SIGUSR1}), {EPERM, ESRCH}, label);
    uint64_t at = probe.object(info);
    trial.refused("rt_sigqueueinfo", probe.call(SYS_rt_sigqueueinfo, {pid, SIGUSR1, at}), {EPERM}, label);
    at = probe.object(info);
    trial.refused("rt_tgsigqueueinfo", probe.call(SYS_rt_tgsigqueueinfo, {pid, pid, SIGUSR1, at}), {EPERM}, label);
    const long fd = probe.call(SYS_pidfd_open, {pid, 0});
    trial.refused("pidfd_open", fd, {EPERM}, label);
    if (fd < 0) continue;
    trial.refused("pidfd_send_signal", probe.call(SYS_pidfd_send_signal, {fd, SIGUSR1, 0, 0}), {EPERM}, label);
    probe.call(SYS_close, {fd});
  }
  for (const auto &[label, pid, address] : trial.targets().bystanders)
    trial.refused("kill", probe.call(SYS_kill, {pid, 0}), {EPERM}, label);
}

// Only in the decoy jail, where nobody is hurt, and only after each single signal was refused.
void signal_all(Trial &trial) {
  const auto &targets = trial.targets().processes;
  if (targets.empty()) {
    trial.skip("there is no decoy jail to try it in");
    return;
  }
  const auto before = state_of(targets.front().pid);
  const long rc = trial.probe().call(SYS_kill, {-1, SIGURG}); // nobody dies of it, wherever it goes
  if (rc == kLost || differences(before, state_of(targets.front().pid)) != "pending signals")
    trial.skip("it does not reach the decoy's own processes either");
  else
    trial.judged("kill(-1)", false, false, "reached the decoy's own processes only");
}

// The kernel sends these by itself, and the sender is told nothing: what counts is seen on the host.
void signal_by_owner(Trial &trial) {
  Probe &probe = trial.probe();
  for (const auto &[label, pid, address] : trial.targets().processes) {
    const uint64_t at = probe.space(sizeof(int[2]));
    if (probe.call(SYS_socketpair, {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, at}) != 0) {
      trial.judged("SIGIO to a descriptor's owner", false, false, "no socket pair");
      return;
    }
    const int first = probe.read<int>(at);
    const int second = probe.read<int>(at + sizeof(int));
    const auto before = state_of(pid);
    for (const int owner : {pid, -pid}) {
      probe.call(SYS_fcntl, {first, F_SETOWN, owner});
      probe.call(SYS_fcntl, {first, F_SETSIG, SIGUSR2});
      probe.call(SYS_fcntl, {first, F_SETFL, O_ASYNC | O_NONBLOCK});
      const uint64_t byte = probe.text("x");
      probe.call(SYS_write, {second, byte, 1});
    }
    probe.call(SYS_close, {first});
    probe.call(SYS_close, {second});
    trial.judged("SIGIO to a descriptor's owner", differences(before, state_of(pid)) == "pending signals");
  }
}

void trace(Trial &trial) {
  Probe &probe = trial.probe();
  for (const auto &[label, pid, address] : trial.targets().processes) {
    const InChild child(probe); // whose end detaches it
    if (!child) return trial.no_child();
    trial.refused("PTRACE_SEIZE", probe.call(SYS_ptrace, {PTRACE_SEIZE, pid, 0, 0}), {EPERM, ESRCH}, label);
    if (trial.control()) continue; // no second tracer, nor a stopped canary
    trial.refused("PTRACE_ATTACH", probe.call(SYS_ptrace, {PTRACE_ATTACH, pid, 0, 0}), {EPERM, ESRCH}, label);
  }
}

void memory(Trial &trial) {
  Probe &probe = trial.probe();
  for (const auto &[label, pid, address] : trial.targets().processes) {
    for (const int number : {SYS_process_vm_readv, SYS_process_vm_writev}) {
      const uint64_t word = probe.space(sizeof(uint64_t));
      const uint64_t here[2] = {word, sizeof(uint64_t)};
      const uint64_t there[2] = {address == 0 ? word : address, sizeof(uint64_t)};
      const uint64_t local = probe.object(here);
      const uint64_t remote = probe.object(there);
      trial.refused(number == SYS_process_vm_readv ? "process_vm_readv" : "process_vm_writev",
                    probe.call(number, {pid, local, 1, remote, 1, 0}), {EPERM, ESRCH}, label);
    }
    for (const char *file : {"mem", "environ", "maps"}) {
      const uint64_t path = probe.text(fmt::format("/proc/{}/{}", pid, file));
      const long fd = probe.call(SYS_openat, {AT_FDCWD, path, O_RDONLY | O_CLOEXEC});
      trial.refused(fmt::format("open of /proc/PID/{}", file), fd, {ENOENT}, label);
      if (fd >= 0) probe.call(SYS_close, {fd});
    }
    trial.refused("move_pages", probe.call(SYS_move_pages, {pid, 1, 1, 1, 1, 0}), {EPERM}, label);
    trial.refused("migrate_pages", probe.call(SYS_migrate_pages, {pid, 64, 1, 1}), {EPERM}, label);
  }
  trial.call("process_madvise", SYS_process_madvise, {~uint64_t{0}, 1, 1, 0, 0, 0}, true);
  trial.call("process_mrelease", SYS_process_mrelease, {~uint64_t{0}, 0, 0, 0, 0, 0}, true);
}

void limits(Trial &trial) {
  Probe &probe = trial.probe();
  for (const auto &[label, pid, address] : trial.targets().processes) {
    uint64_t at = probe.space(sizeof(rlimit));
    trial.refused("prlimit (read)", probe.call(SYS_prlimit64, {pid, RLIMIT_NOFILE, 0, at}), {EPERM}, label);
    const rlimit few{77, 77};
    at = probe.object(few);
    trial.refused("prlimit (write)", probe.call(SYS_prlimit64, {pid, RLIMIT_NOFILE, at, 0}), {EPERM}, label);
    at = probe.object(few); // the pid is an int: what stands above it in the register must not get round
    trial.refused("prlimit (write, high bits)",
                  probe.call(SYS_prlimit64, {static_cast<uint64_t>(pid) | 0xdead00000000UL, RLIMIT_NOFILE, at, 0}),
                  {EPERM}, label);
  }
}

void schedule(Trial &trial) {
  struct Attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  };
  Probe &probe = trial.probe();
  for (const auto &[label, pid, address] : trial.targets().processes) {
    uint64_t at = probe.object(uint64_t{1});
    trial.refused("sched_setaffinity", probe.call(SYS_sched_setaffinity, {pid, sizeof(uint64_t), at}), {EPERM}, label);
    at = probe.object(sched_param{});
    trial.refused("sched_setscheduler", probe.call(SYS_sched_setscheduler, {pid, SCHED_BATCH, at}), {EPERM}, label);
    at = probe.object(sched_param{});
    trial.refused("sched_setparam", probe.call(SYS_sched_setparam, {pid, at}), {EPERM}, label);
    at = probe.object(Attributes{sizeof(Attributes), SCHED_BATCH, 0, 5, 0, 0, 0, 0});
    trial.refused("sched_setattr", probe.call(SYS_sched_setattr, {pid, at, 0}), {EPERM}, label);
    trial.refused("setpriority", probe.call(SYS_setpriority, {PRIO_PROCESS, pid, 7}), {EPERM, EACCES}, label);
    trial.refused("setpriority of its group", probe.call(SYS_setpriority, {PRIO_PGRP, pid, 7}), {EPERM, EACCES}, label);
    trial.refused("ioprio_set", probe.call(SYS_ioprio_set, {1, pid, 3 << 13}), {EPERM}, label);
    trial.refused("ioprio_set of its group", probe.call(SYS_ioprio_set, {2, pid, 3 << 13}), {EPERM}, label);
  }
}

void own_priority(Trial &trial) {
  Probe &probe = trial.probe();
  const InChild child(probe);
  if (!child) return trial.no_child();
  trial.refused("a nice value below 0", probe.call(SYS_setpriority, {PRIO_PROCESS, 0, -5}), {EPERM, EACCES});
  const uint64_t at = probe.object(sched_param{.sched_priority = 1});
  trial.refused("real-time scheduling", probe.call(SYS_sched_setscheduler, {0, SCHED_FIFO, at}), {EPERM});
  trial.refused("real-time I/O priority", probe.call(SYS_ioprio_set, {1, 0, 1 << 13}), {EPERM});
}

void own_limits(Trial &trial) {
  Probe &probe = trial.probe();
  const InChild child(probe);
  if (!child) return trial.no_child();
  bool tried = false;
  for (const int resource : {RLIMIT_MSGQUEUE, RLIMIT_MEMLOCK, RLIMIT_SIGPENDING, RLIMIT_NPROC}) {
    uint64_t at = probe.space(sizeof(rlimit));
    if (probe.call(SYS_prlimit64, {0, resource, 0, at}) != 0) continue;
    auto limit = probe.read<rlimit>(at);
    if (limit.rlim_max >= RLIM_INFINITY - 1 || tried) continue;
    tried = true;
    limit.rlim_max++;
    at = probe.object(limit);
    trial.refused("a hard limit raised", probe.call(SYS_prlimit64, {0, resource, at, 0}), {EPERM});
  }
  for (const rlim_t value : {rlim_t{0}, rlim_t{4096}}) {
    uint64_t at = probe.object(rlimit{value, value});
    trial.refused("RLIMIT_CORE changed by prlimit", probe.call(SYS_prlimit64, {0, RLIMIT_CORE, at, 0}), {EPERM});
    at = probe.object(rlimit{value, value});
    trial.refused("RLIMIT_CORE changed by setrlimit", probe.call(SYS_setrlimit, {RLIMIT_CORE, at}), {EPERM});
  }
}

// Whoever shares a process group or a session gets its signals past every scope.
void groups(Trial &trial) {
  Probe &probe = trial.probe();
  const long own = probe.call(SYS_getsid, {0});
  for (const auto *list : {&trial.targets().processes, &trial.targets().bystanders})
    for (const auto &[label, pid, address] : *list) {
      const long session = probe.call(SYS_getsid, {pid});
      trial.judged("a common session", session > 0 && session == own, false, "another session");
    }
  for (const auto &[label, pid, address] : trial.targets().processes)
    trial.refused("setpgid into its group", probe.call(SYS_setpgid, {0, pid}), {EPERM, ESRCH}, label);
}

void capabilities(Trial &trial) {
  Probe &probe = trial.probe();
  const __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct all[2]{{~0U, ~0U, ~0U}, {~0U, ~0U, ~0U}};
  const uint64_t first = probe.object(header);
  const uint64_t second = probe.object(all);
  trial.refused("capset of all", probe.call(SYS_capset, {first, second}), {EPERM});
}

constexpr Check kChecks[] = {
    {"see", "find host and decoy processes in /proc", see, nullptr},
    {"view", "have /proc list processes that are no members", view, "the host's /proc lists everybody"},
    {"signal", "signal host and decoy processes by every call", signal, nullptr},
    {"signal-all", "signal everybody (tried in the decoy jail)", signal_all, "would signal every process of the host"},
    {"signal-owner", "SIGIO to host and decoy processes (F_SETOWN)", signal_by_owner, nullptr},
    {"trace", "ptrace host and decoy processes", trace, nullptr},
    {"memory", "read and write memory of host and decoy processes", memory, nullptr},
    {"limits", "read and change limits of host and decoy processes", limits, nullptr},
    {"schedule", "change scheduling of host and decoy processes", schedule, nullptr},
    {"own-priority", "raise its own CPU and I/O priority", own_priority, nullptr},
    {"own-limits", "raise its own hard limits, change the core limit", own_limits, nullptr},
    {"groups", "join process groups and sessions of the host", groups, "needs a common session"},
    {"capabilities", "gain capabilities", capabilities, "root outside has them all"},
};

} // namespace

std::span<const Check> process_checks() { return kChecks; }

} // namespace jails::verify
