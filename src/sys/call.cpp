#include "sys/call.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace jails::sys {

Result<Fd> open_at(int dir, const std::string &path, uint64_t flags, uint64_t resolve, uint64_t mode) {
  open_how how{.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};
  Fd fd(static_cast<int>(syscall(SYS_openat2, dir, path.c_str(), &how, sizeof how)));
  if (!fd) return fail_errno(path);
  return fd;
}

Result<Fd> clone_mount(int fd, uint64_t attributes) {
  Fd tree(static_cast<int>(
      syscall(SYS_open_tree, fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE)));
  if (!tree) return fail_errno("open_tree");
  mount_attr attr{.attr_set = attributes, .attr_clr = 0, .propagation = MS_PRIVATE, .userns_fd = 0};
  if (syscall(SYS_mount_setattr, tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) != 0)
    return fail_errno("mount_setattr");
  return tree;
}

Result<Fd> new_mount(const char *fstype, const std::vector<std::string> &options, uint64_t attributes) {
  Fd context(static_cast<int>(syscall(SYS_fsopen, fstype, FSOPEN_CLOEXEC)));
  if (!context) return fail_errno(std::string("fsopen ") + fstype);
  for (const auto &option : options) {
    const auto equals = option.find('=');
    const std::string key = option.substr(0, equals);
    const long rc =
        equals == std::string::npos
            ? syscall(SYS_fsconfig, context.get(), FSCONFIG_SET_FLAG, key.c_str(), nullptr, 0)
            : syscall(SYS_fsconfig, context.get(), FSCONFIG_SET_STRING, key.c_str(), option.c_str() + equals + 1, 0);
    if (rc != 0) return fail_errno(std::string(fstype) + " option " + option);
  }
  if (syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return fail_errno(std::string("create ") + fstype);
  Fd mount(static_cast<int>(syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, attributes)));
  if (!mount) return fail_errno(std::string("fsmount ") + fstype);
  return mount;
}

Status attach_mount(int mount, int target) {
  if (syscall(SYS_move_mount, mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
    return fail_errno("move_mount");
  return {};
}

Result<Fd> pidfd_open(pid_t pid) {
  Fd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!fd) return fail_errno("pidfd_open");
  return fd;
}

Status pidfd_signal(int pidfd, int signal) {
  if (syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) != 0) return fail_errno("pidfd_send_signal");
  return {};
}

Result<Fd> sealed_memfd(const char *name, std::string_view bytes) {
  constexpr unsigned kExec = 0x10; // MFD_EXEC, Linux 6.3
  Fd fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | kExec));
  if (!fd && errno == EINVAL) fd = Fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return fail_errno("memfd_create");
  while (!bytes.empty()) {
    const ssize_t n = write(fd.get(), bytes.data(), bytes.size());
    if (n < 0) return fail_errno("write memfd");
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    return fail_errno("seal memfd");
  return fd;
}

Result<Pipe> make_pipe(int flags) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC | flags) != 0) return fail_errno("pipe");
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

Result<std::pair<Fd, Fd>> seqpacket_pair() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) return fail_errno("socketpair");
  return std::pair{Fd(fds[0]), Fd(fds[1])};
}

} // namespace jails::sys
