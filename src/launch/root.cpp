#include "launch/root.h"

#include "abi/capability_policy.h"
#include "base/text.h"
#include "launch/disk.h"
#include "sys/call.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace jails::launch {
namespace {

constexpr uint64_t kNoLinks = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
constexpr uint64_t kInside = kNoLinks | RESOLVE_BENEATH;

Status check_owner(const std::string &shown, const struct stat &st) {
  if (st.st_uid != 0)
    return fail(ErrorKind::Usage, fmt::format("{}: owned by uid {}, must be owned by root", shown, st.st_uid));
  if ((st.st_mode & 022U) != 0 && (st.st_mode & S_ISVTX) == 0)
    return fail(ErrorKind::Usage, fmt::format("{}: others can write there (mode {:04o})", shown, st.st_mode & 07777U));
  if ((st.st_mode & 022U) != 0)
    return fail(ErrorKind::Usage,
                fmt::format("{}: a directory that everyone can write, like /tmp, cannot lead to a jail", shown));
  return {};
}

Fd duplicate(const Fd &fd) { return Fd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 3)); }

// One component at a time from the root of the jail, made if missing; never through a link.
Status make_target(int root, const std::string &target) {
  Fd here(fcntl(root, F_DUPFD_CLOEXEC, 3));
  for (auto part : split(target, '/')) {
    const std::string name(part);
    if (mkdirat(here.get(), name.c_str(), 0755) != 0 && errno != EEXIST)
      return fail_errno(fmt::format("mount point /{} in the root", target));
    auto next = sys::open_at(here.get(), name, O_PATH | O_DIRECTORY, kInside);
    if (!next) {
      if (next.error().sys_errno() == ELOOP || next.error().sys_errno() == ENOTDIR)
        return fail(ErrorKind::Usage,
                    fmt::format("mount point /{} in the root is not a directory (a link or a file)", target));
      return std::unexpected(std::move(next).error().context("mount point in the root"));
    }
    here = std::move(*next);
  }
  return {};
}

Result<Fd> make_dev() {
  // Nodes of its own: chmod of a bind of the host's /dev/null would change the host's.
  Fd dev =
      TRY(sys::new_mount("tmpfs", {"mode=0755", "size=1m", "nr_inodes=256"}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC));
  struct Node {
    const char *name;
    unsigned major, minor;
  };
  constexpr Node kNodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
                             {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
  for (const auto &node : kNodes)
    if (mknodat(dev.get(), node.name, S_IFCHR | 0666, makedev(node.major, node.minor)) != 0)
      return fail_errno(node.name);
  constexpr const char *kLinks[][2] = {{"/proc/self/fd", "fd"},
                                       {"/proc/self/fd/0", "stdin"},
                                       {"/proc/self/fd/1", "stdout"},
                                       {"/proc/self/fd/2", "stderr"},
                                       {"pts/ptmx", "ptmx"}};
  for (const auto &link : kLinks)
    if (symlinkat(link[0], dev.get(), link[1]) != 0) return fail_errno(link[1]);
  for (const char *name : {"pts", "shm", "mqueue"})
    if (mkdirat(dev.get(), name, 0755) != 0) return fail_errno(name);
  return dev;
}

// Directories of /proc and /sys that show or steer the host: an empty file system goes over each that exists.
Status cover_directories(PermissionSet permissions, std::vector<Mount> &mounts) {
  std::vector<const char *> covered;
  if (sj_has(permissions, SJ_PERM_PROC_SYSTEM) != 0) covered = {"proc/acpi", "proc/scsi"};
  if (sj_has(permissions, SJ_PERM_SYSFS) != 0)
    covered.insert(covered.end(),
                   {"sys/firmware", "sys/kernel", "sys/fs", "sys/module", "sys/power", "sys/devices/virtual/powercap"});
  for (const char *path : covered) {
    if (access((std::string("/") + path).c_str(), F_OK) != 0) continue;
    constexpr uint64_t kNothing = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    mounts.push_back({TRY(sys::new_mount("tmpfs", {"mode=0555", "size=4k"}, kNothing)), path});
  }
  return {};
}

Result<Fd> make_bind(const Bind &bind) {
  const Fd source = TRY(open_bind_source(bind));
  uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  if (bind.read_only) attributes |= MOUNT_ATTR_RDONLY;
  return sys::clone_mount(source.get(), attributes);
}

} // namespace

Result<Fd> open_root(const std::string &path) {
  TRY(check_path("root", path, 255));
  Fd here(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  bool closed = false;
  std::string shown;
  const auto parts = split(std::string_view(path).substr(1), '/');
  for (size_t i = 0; i < parts.size(); i++) {
    shown += "/" + std::string(parts[i]);
    struct stat st{};
    if (fstatat(here.get(), std::string(parts[i]).c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0)
      return fail_errno(fmt::format("root {}", shown));
    if (S_ISLNK(st.st_mode))
      return fail(ErrorKind::Usage, fmt::format("root {}: {} is a symbolic link; give the real path", path, shown));
    if (!S_ISDIR(st.st_mode)) return fail(ErrorKind::Usage, fmt::format("root {}: {} is not a directory", path, shown));
    here = TRY(sys::open_at(here.get(), std::string(parts[i]), O_PATH | O_DIRECTORY, kInside));
    if (fstat(here.get(), &st) != 0) return fail_errno(shown); // of what is open, not of what was looked at
    if (i + 1 == parts.size()) break; // the root belongs to the jail: its mode is the jail's business
    TRY_IN("root " + path, check_owner(shown, st));
    closed = closed || (st.st_mode & 077U) == 0;
  }
  if (!closed)
    return fail(ErrorKind::Usage,
                fmt::format("root {}: no directory above it is closed to other users; chmod 0700 one of them, "
                            "so that files planted in the jail stay out of their reach",
                            path));
  return here;
}

Result<Fd> open_bind_source(const Bind &bind) {
  return sys::open_at(AT_FDCWD, bind.source, O_PATH | O_DIRECTORY, kNoLinks);
}

Result<Root> prepare_root(const Spec &spec) {
  Root made;
  const Fd place = TRY(open_root(spec.root));
  const PermissionSet permissions = effective(spec.profile, spec.permissions);
  // Devices never work on a jail's own files; set-user-id does unless new privileges are forbidden.
  const uint64_t nosuid = sj_no_new_privs(permissions) != 0 ? MOUNT_ATTR_NOSUID : 0;
  made.tree = spec.image.empty() ? TRY_IN("root " + spec.root, sys::clone_mount(place.get(), MOUNT_ATTR_NODEV | nosuid))
                                 : TRY(mount_image(spec.image, MOUNT_ATTR_NODEV | nosuid));
  const Fd &root = spec.image.empty() ? place : made.tree;
  auto add = [&](Fd mount, std::string target) -> Status {
    if (target.find('/') == std::string::npos || !target.starts_with("dev/")) TRY(make_target(root.get(), target));
    made.mounts.push_back({std::move(mount), std::move(target)});
    return {};
  };
  for (const auto &bind : spec.binds) TRY(add(TRY_IN("mount " + bind.target, make_bind(bind)), bind.target.substr(1)));
  std::vector<std::string> proc_options{"hidepid=ptraceable"};
  if (sj_has(permissions, SJ_PERM_PROC_SYSTEM) == 0) proc_options.emplace_back("subset=pid");
  constexpr uint64_t kQuiet = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  TRY(add(TRY(sys::new_mount("proc", proc_options, kQuiet)), "proc"));
  if (sj_has(permissions, SJ_PERM_SYSFS) != 0)
    TRY(add(TRY(sys::new_mount("sysfs", {}, kQuiet | MOUNT_ATTR_RDONLY)), "sys"));
  TRY(add(TRY_IN("/dev", make_dev()), "dev"));
  // The machine has 4096 of them (kernel.pty.max), and no reserve for those who mount a devpts from outside.
  Fd pts = TRY(sys::new_mount("devpts", {"newinstance", "ptmxmode=0666", "mode=0620", "gid=5", "max=256"},
                              MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC));
  made.pts = duplicate(pts);
  TRY(add(std::move(pts), "dev/pts"));
  TRY(add(TRY(sys::new_mount("tmpfs", {"mode=1777", "size=64m"}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)), "dev/shm"));
  TRY(cover_directories(permissions, made.mounts));
  return made;
}

} // namespace jails::launch
