#include "sys/quota.h"

#include "sys/call.h"
#include "sys/entries.h"

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

constexpr int kMaxDepth = 450; // two descriptors each, of 1024
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
Status tag_below(int dir, uint32_t project, int depth) {
  constexpr uint64_t kHere = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  if (depth > kMaxDepth) return fail(ErrorKind::Unsupported, "too deep a tree");
  const auto list = TRY_IN("directory", entries_of(dir, "."));
  while (const dirent *entry = readdir(list.get())) {
    const std::string name = entry->d_name;
    struct stat st{};
    if (name == "." || name == ".." || fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) continue;
    const bool is_dir = S_ISDIR(st.st_mode);
    const Fd fd = TRY_IN(name, open_at(dir, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, kHere));
    if (is_dir) TRY_IN(name, tag_below(fd.get(), project, depth + 1));
    TRY_IN(name, set_project(fd.get(), project, is_dir));
  }
  return {};
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
  TRY(tag_below(dir, project, 0));
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
