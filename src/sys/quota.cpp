#include "sys/quota.h"

#include "base/text.h"
#include "sys/call.h"
#include "sys/descent.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace jails::sys {
namespace {

constexpr uint64_t kBlock = 1U << QIF_DQBLKSIZE_BITS;
constexpr uint32_t kOurs = 0x40000000; // numbers from here to twice that: away from the small ones that people give

bool is_ours(uint32_t project) { return project / kOurs == 1; }

Result<uint32_t> any_project_of(int fd) {
  fsxattr attributes{};
  if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) == 0) return attributes.fsx_projid;
  if (errno == ENOTTY || errno == EOPNOTSUPP) return fail(ErrorKind::Unsupported, "the file system has no projects");
  return fail_errno("project");
}

long quotactl(int fd, unsigned command, uint32_t id, void *data) {
  constexpr unsigned kShift = 8; // QCMD(): the type of quota is in the low byte
  return syscall(SYS_quotactl_fd, fd, command << kShift | PRJQUOTA, id, data);
}

Status set_project(int fd, uint32_t project, bool inherit) {
  fsxattr attributes{};
  if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) != 0) return fail_errno("project");
  attributes.fsx_projid = project;
  if (inherit) attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
  if (ioctl(fd, FS_IOC_FSSETXATTR, &attributes) != 0) return fail_errno("project");
  return {};
}

// Everything below, and not the directory itself. Never through a link or into another file system.
Status tag_below(int dir, uint32_t project) {
  constexpr uint64_t kHere = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  auto at = TRY(Descent::from(TRY(open_at(dir, ".", O_RDONLY | O_DIRECTORY, kHere))));
  for (;;) {
    const dirent *entry = TRY(at.next());
    if (entry == nullptr && at.depth() == 0) return {};
    if (entry == nullptr) {
      TRY_IN("a directory", set_project(at.fd(), project, true));
      TRY(at.leave());
      continue;
    }
    const std::string name = entry->d_name;
    struct stat st{};
    if (fstatat(at.fd(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISDIR(st.st_mode)) {
      TRY(at.enter(name));
    } else if (S_ISREG(st.st_mode)) {
      const auto fd = open_at(at.fd(), name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, kHere);
      if (!fd) return fail_errno(printable(name), fd.error().sys_errno());
      TRY_IN(printable(name), set_project(fd->get(), project, false));
    }
  }
}

// By the directory's inode number, which no other one has; another if somebody else's files have that project.
Result<uint32_t> free_project(int dir) {
  constexpr int kTries = 1000;
  struct stat st{};
  if (fstat(dir, &st) != 0) return fail_errno("root");
  auto id = kOurs | (static_cast<uint32_t>(st.st_ino) & (kOurs - 1));
  for (int i = 0; i < kTries; i++, id = kOurs | ((id + 1) & (kOurs - 1))) {
    const auto quota = read_quota(dir, id);
    if (!quota) return std::unexpected(quota.error());
    if (quota->used_inodes == 0 && quota->bytes == 0 && quota->inodes == 0) return id;
  }
  return fail(ErrorKind::System, "no project is free");
}

} // namespace

Status check_project_quota(int dir) {
  fs_quota_statv state{};
  state.qs_version = FS_QSTATV_VERSION1;
  if (quotactl(dir, Q_XGETQSTATV, 0, &state) != 0) {
    if (errno == ENOSYS || errno == ENOTSUP || errno == EINVAL || errno == ESRCH)
      return fail(ErrorKind::Unsupported, "the file system has no project quotas (mount it with prjquota)", errno);
    return fail_errno("project quotas");
  }
  if ((state.qs_flags & FS_QUOTA_PDQ_ENFD) == 0)
    return fail(ErrorKind::Unsupported, "the file system does not enforce project quotas (mount it with prjquota)");
  return {};
}

Result<uint32_t> project_of(int fd) {
  const uint32_t project = TRY(any_project_of(fd));
  return is_ours(project) ? project : 0;
}

Result<uint32_t> make_project(int dir) {
  const uint32_t there = TRY(any_project_of(dir));
  if (is_ours(there)) return there;
  if (there != 0) return fail(ErrorKind::Unsupported, "it is in project " + std::to_string(there) + " already");
  const uint32_t project = TRY(free_project(dir));
  TRY(tag_below(dir, project));
  TRY(set_project(dir, project, true));
  // What is made from now on has it too: asked of the kernel, for that is what the limit stands on.
  const Fd tried(openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (!tried) return fail_errno("a new file");
  if (TRY(project_of(tried.get())) != project)
    return fail(ErrorKind::Unsupported, "new files do not belong to the project of their directory");
  return project;
}

Result<Quota> read_quota(int dir, uint32_t project) {
  if_dqblk block{};
  if (quotactl(dir, Q_GETQUOTA, project, &block) != 0) {
    if (errno == ENOENT) return Quota{}; // xfs: nobody has used it yet
    return fail_errno("project quota");
  }
  return Quota{.bytes = block.dqb_bhardlimit * kBlock,
               .inodes = block.dqb_ihardlimit,
               .used_bytes = block.dqb_curspace,
               .used_inodes = block.dqb_curinodes};
}

Status write_quota(int dir, uint32_t project, uint64_t bytes, uint64_t inodes) {
  if_dqblk block{};
  block.dqb_bhardlimit = bytes / kBlock;
  block.dqb_ihardlimit = inodes;
  block.dqb_valid = QIF_LIMITS;
  if (quotactl(dir, Q_SETQUOTA, project, &block) != 0) return fail_errno("project quota");
  const Quota now = TRY(read_quota(dir, project));
  if (now.bytes != bytes / kBlock * kBlock || now.inodes != inodes)
    return fail(ErrorKind::System, "the kernel has another project quota than was set");
  return {};
}

} // namespace jails::sys
