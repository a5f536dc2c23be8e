#include "sys/file.h"

#include "base/text.h"
#include "sys/call.h"
#include "sys/descent.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jails::sys {
namespace {

// A jail may set the immutable and append-only flags (CAP_LINUX_IMMUTABLE in low). To open a device is an act of its
// own, and it has no flags.
void clear_flags(int parent, const char *name) {
  struct stat st{};
  if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) return;
  const Fd fd(openat(parent, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  int flags = 0;
  if (!fd || ioctl(fd.get(), FS_IOC_GETFLAGS, &flags) != 0) return;
  flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
  (void)ioctl(fd.get(), FS_IOC_SETFLAGS, &flags);
}

Status remove_entry(int parent, const std::string &name, int flags) {
  if (unlinkat(parent, name.c_str(), flags) == 0 || errno == ENOENT) return {};
  if (errno == EPERM) {
    clear_flags(parent, ".");
    clear_flags(parent, name.c_str());
    if (unlinkat(parent, name.c_str(), flags) == 0 || errno == ENOENT) return {};
  }
  return fail_errno(printable(name));
}

bool is_directory(int parent, const dirent &entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat st{};
  return fstatat(parent, entry.d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

bool is_not_empty(const Status &removed) {
  return !removed && (removed.error().sys_errno() == ENOTEMPTY || removed.error().sys_errno() == EEXIST);
}

// Once through all that is below, the lowest first. The number of entries that it removed.
Result<uint64_t> empty(Descent &at) {
  for (uint64_t count = 0;;) {
    const dirent *entry = TRY(at.next());
    if (entry == nullptr && at.depth() == 0) return count;
    const bool climbs = entry == nullptr;
    const std::string name = climbs ? TRY(at.leave()) : entry->d_name;
    const bool directory = climbs || is_directory(at.fd(), *entry);
    const Status removed = remove_entry(at.fd(), name, directory ? AT_REMOVEDIR : 0);
    if (removed) {
      count++;
    } else if (!is_not_empty(removed)) {
      return std::unexpected(removed.error());
    } else if (!climbs) {
      TRY(at.enter(name));
    } // else: an entry that a file system did not show, as when it orders them anew; the next time
  }
}

} // namespace

Status remove_tree(int dir, const std::string &name) {
  struct stat st{};
  if (fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? Status{} : fail_errno(printable(name));
  if (!S_ISDIR(st.st_mode)) return remove_entry(dir, name, 0);
  constexpr uint64_t kHere = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  auto top = open_at(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, kHere);
  if (!top) return fail_errno(printable(name), top.error().sys_errno());
  auto at = TRY(Descent::from(std::move(*top)));
  for (;;) {
    auto removed = empty(at);
    if (!removed && (removed.error().sys_errno() == EXDEV || removed.error().sys_errno() == EBUSY))
      return fail(ErrorKind::Busy, removed.error().text() + " (is something mounted there?)", EBUSY);
    if (!removed) return std::unexpected(std::move(removed).error());
    Status done = remove_entry(dir, name, AT_REMOVEDIR);
    if (!is_not_empty(done) || *removed == 0) return done;
    at.rewind();
  }
}

} // namespace jails::sys
