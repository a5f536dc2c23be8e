#include "sys/file.h"

#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <memory>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace jails::sys {
namespace {

// One open directory of the walk. Depth is bounded by heap, not by stack or descriptors: only the current directory is
// open, and ".." is never trusted because the tree may be hostile; instead parents stay open up to a bound.
struct Level {
  std::unique_ptr<DIR, int (*)(DIR *)> dir;
  std::string name;
};

Result<Level> open_level(int parent, const std::string &name, dev_t device) {
  Fd fd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno(name);
  struct stat st{};
  if (fstat(fd.get(), &st) != 0) return fail_errno(name);
  if (device != 0 && st.st_dev != device) return fail(ErrorKind::Busy, name + ": another file system is mounted here");
  DIR *dir = fdopendir(fd.get());
  if (dir == nullptr) return fail_errno(name);
  (void)fd.release();
  return Level{{dir, closedir}, name};
}

// A jail may set the immutable and append-only flags (CAP_LINUX_IMMUTABLE in low).
void clear_flags(int parent, const char *name) {
  const Fd fd(openat(parent, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  int flags = 0;
  if (!fd || ioctl(fd.get(), FS_IOC_GETFLAGS, &flags) != 0) return;
  flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
  (void)ioctl(fd.get(), FS_IOC_SETFLAGS, &flags);
}

Status remove_entry(int parent, const char *name, int flags) {
  if (unlinkat(parent, name, flags) == 0 || errno == ENOENT) return {};
  if (errno == EPERM) {
    clear_flags(parent, ".");
    clear_flags(parent, name);
    if (unlinkat(parent, name, flags) == 0 || errno == ENOENT) return {};
  }
  return fail_errno(name);
}

// Opening a FIFO or device to clear flags is avoided for anything but files and directories.
bool is_directory(int parent, const dirent &entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat st{};
  return fstatat(parent, entry.d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

} // namespace

Status remove_tree(int dir, const std::string &name) {
  struct stat st{};
  if (fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT ? Status{} : fail_errno(name);
  if (!S_ISDIR(st.st_mode)) return remove_entry(dir, name.c_str(), 0);
  std::vector<Level> levels;
  levels.push_back(TRY(open_level(dir, name, 0)));
  while (!levels.empty()) {
    const int here = dirfd(levels.back().dir.get());
    errno = 0;
    const dirent *entry = readdir(levels.back().dir.get());
    if (entry == nullptr) {
      if (errno != 0) return fail_errno(levels.back().name);
      const std::string done = levels.back().name;
      levels.pop_back();
      TRY(remove_entry(levels.empty() ? dir : dirfd(levels.back().dir.get()), done.c_str(), AT_REMOVEDIR));
      continue;
    }
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (!is_directory(here, *entry)) {
      TRY(remove_entry(here, entry->d_name, 0));
    } else {
      if (unlinkat(here, entry->d_name, AT_REMOVEDIR) == 0) continue;
      auto next = open_level(here, entry->d_name, st.st_dev);
      if (!next && next.error().sys_errno() == EMFILE) {
        // Deeper than descriptors go (a tree made to be): hang the rest up here and start on it from the top.
        const std::string moved = ".remove-" + std::to_string(levels.size());
        if (renameat(here, entry->d_name, dir, moved.c_str()) != 0) return fail_errno(levels.back().name);
        TRY(remove_tree(dir, moved));
        continue;
      }
      if (!next) return std::unexpected(std::move(next).error());
      levels.push_back(std::move(*next));
    }
  }
  return {};
}

} // namespace jails::sys
