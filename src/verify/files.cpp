// Files, mounts and devices.
#include "abi/secmodel_jail.h"
#include "base/text.h"
#include "verify/trial.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

namespace jails::verify {
namespace {

// By device and inode: a jail may well have a file of its own at the same path.
bool finds(Probe &probe, const Targets &targets, bool relative) {
  const uint64_t path = probe.text(std::string_view(targets.file).substr(relative ? 1 : 0));
  const uint64_t at = probe.space(sizeof(struct stat));
  if (probe.call(SYS_newfstatat, {AT_FDCWD, path, at, 0}) != 0) return false;
  const auto st = probe.read<struct stat>(at);
  return st.st_dev == targets.device && st.st_ino == targets.inode;
}

void go(Probe &probe, std::string_view directory) {
  const uint64_t path = probe.text(directory);
  probe.call(SYS_chdir, {path});
}

void climb(Probe &probe) {
  for (int i = 0; i < 24; i++) go(probe, "..");
}

void host_file(Trial &trial) {
  Probe &probe = trial.probe();
  const InChild child(probe);
  if (!child) return trial.no_child();
  const auto &targets = trial.targets();
  trial.judged("by its path", finds(probe, targets, false));
  go(probe, "/proc/self/root");
  trial.judged("from /proc/self/root", finds(probe, targets, true));
  climb(probe);
  trial.judged("from above the root", finds(probe, targets, true));
  // Out by the ladder of chroot(2) and fchdir(2).
  uint64_t path = probe.text("/");
  const long root = probe.call(SYS_openat, {AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC});
  path = probe.text("/proc");
  probe.call(SYS_chroot, {path});
  probe.call(SYS_fchdir, {root});
  climb(probe);
  path = probe.text(".");
  probe.call(SYS_chroot, {path});
  trial.judged("after chroot and fchdir", finds(probe, targets, true));
}

void device_nodes(Trial &trial) {
  Probe &probe = trial.probe();
  struct Node {
    const char *name;
    unsigned mode, major, minor;
  };
  constexpr Node kNodes[] = {{"character device", S_IFCHR | 0600, 1, 3},
                             {"block device", S_IFBLK | 0600, 7, 0},
                             {"character device 0:0", S_IFCHR | 0600, 0, 0}};
  for (const auto &node : kNodes) {
    // Outside with a pointer to nowhere, so that nothing is made.
    const std::string name = fmt::format("/dev/shm/.jail-verify-{}", probe.pid());
    for (const uint64_t high : {uint64_t{0}, uint64_t{0xdead00000000}}) { // the mode has 16 bits in a register of 64
      const uint64_t path = trial.control() ? 1 : probe.text(name);
      const long rc = probe.call(SYS_mknod, {path, node.mode | high, makedev(node.major, node.minor)});
      trial.refused(node.name, rc, {EPERM, EACCES}, high != 0 ? "with high bits" : "");
      if (rc != 0 || trial.control()) continue;
      const uint64_t again = probe.text(name);
      probe.call(SYS_unlink, {again});
    }
  }
}

// /dev holds what kernel/abi says that a jail may open, and no name of a device of the host leads anywhere.
void devices(Trial &trial) {
  Probe &probe = trial.probe();
  auto names = probe.list("/dev");
  for (const char *absent : {"mem", "kmsg", "kvm", "fuse", "net/tun", "loop-control", "loop0", "mapper/control", "vda",
                             "sda", "ttyS0", "console", "uinput", "vhost-net", "port", "nvme0n1"})
    names.emplace_back(absent);
  for (const auto &name : names) {
    uint64_t path = probe.text("/dev/" + name);
    const uint64_t at = probe.space(sizeof(struct stat));
    if (probe.call(SYS_newfstatat, {AT_FDCWD, path, at, 0}) != 0) {
      trial.judged("a device of the host", false, false, "absent");
      continue;
    }
    const auto st = probe.read<struct stat>(at);
    if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)) continue;
    if (sj_device(S_ISCHR(st.st_mode) ? 2 : 1, 2 | 4, major(st.st_rdev), minor(st.st_rdev)) == SJ_ALLOW) continue;
    // A node alone is nothing: the device program is asked.
    path = probe.text("/dev/" + name);
    const long fd = probe.call(SYS_openat, {AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC});
    trial.refused("a device of the host", fd, {EPERM, EACCES, ENOENT}, printable(name));
    if (fd >= 0) probe.call(SYS_close, {fd});
  }
}

// Opened for writing only: what is written would act on the host.
void kernel_files(Trial &trial) {
  Probe &probe = trial.probe();
  constexpr const char *kFiles[] = {"/proc/sys/kernel/core_pattern",
                                    "/proc/sys/kernel/printk",
                                    "/proc/sys/kernel/modprobe",
                                    "/proc/sys/kernel/hostname",
                                    "/proc/sys/kernel/ns_last_pid",
                                    "/proc/sys/vm/drop_caches",
                                    "/proc/sys/net/ipv4/ip_forward",
                                    "/proc/sys/net/ipv4/ip_local_reserved_ports",
                                    "/proc/sys/fs/file-max",
                                    "/proc/sysrq-trigger",
                                    "/proc/irq/default_smp_affinity",
                                    "/proc/mtrr",
                                    "/sys/power/state",
                                    "/sys/kernel/mm/ksm/run",
                                    "/sys/kernel/uevent_helper",
                                    "/sys/fs/cgroup/cgroup.procs",
                                    "/sys/fs/cgroup/unified/cgroup.procs"};
  for (const char *file : kFiles) {
    const uint64_t path = probe.text(file);
    const long fd = probe.call(SYS_openat, {AT_FDCWD, path, O_WRONLY | O_CLOEXEC});
    if (fd >= 0) probe.call(SYS_close, {fd});
    if (trial.control() && (fd == -ENOENT || fd == -EROFS)) continue; // this kernel has no such file
    trial.refused(file, fd, {EROFS, ENOENT, EACCES, EPERM});
  }
}

void kernel_secrets(Trial &trial) {
  Probe &probe = trial.probe();
  constexpr const char *kFiles[] = {"/proc/kcore", "/proc/kmsg", "/proc/keys", "/proc/kallsyms", "/proc/timer_list"};
  for (const char *file : kFiles) {
    // Opened only: reading /proc/kmsg would take messages away from the host's syslogd.
    uint64_t path = probe.text(file);
    const uint64_t at = probe.space(sizeof(struct stat));
    const long there = probe.call(SYS_newfstatat, {AT_FDCWD, path, at, 0});
    if (trial.control() && there == -ENOENT) continue;                            // this kernel has no such file
    const bool real = there == 0 && S_ISREG(probe.read<struct stat>(at).st_mode); // a masked one is the jail's null
    path = probe.text(file);
    const long fd = real ? probe.call(SYS_openat, {AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC}) : -1;
    if (fd >= 0) probe.call(SYS_close, {fd});
    trial.judged(file, fd >= 0, false, fd >= 0 ? "it can be opened" : "hidden");
  }
}

void descriptors(Trial &trial) {
  Probe &probe = trial.probe();
  for (int fd = 3; fd < 64; fd++) {
    const long rc = probe.call(SYS_fcntl, {fd, F_GETFD});
    trial.judged("a fourth descriptor", rc >= 0, false, rc >= 0 ? fmt::format("descriptor {} is open", fd) : "none");
  }
}

constexpr Check kChecks[] = {
    {"host-file", "reach a file of the host, also by chroot(2)", host_file, nullptr},
    {"device-nodes", "make device nodes", device_nodes, nullptr},
    {"devices", "open devices of the host", devices, "the host has devices of its own"},
    {"kernel-files", "open kernel parameters and switches for writing", kernel_files, nullptr},
    {"kernel-secrets", "read what /proc tells of the kernel", kernel_secrets, nullptr},
    {"descriptors", "find descriptors that it was not given", descriptors, "a program has what it was given"},
};

} // namespace

std::span<const Check> file_checks() { return kChecks; }

} // namespace jails::verify
