#include "sys/copy_tree.h"

#include "base/fd.h"
#include "base/text.h"
#include "sys/descent.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <deque>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <map>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <vector>

namespace jails::sys {
namespace {

// What a module of the kernel writes (labels, hashes) is about the file and its place: the module labels the copy.
bool is_copied(std::string_view attribute) {
  return !attribute.starts_with("security.") || attribute == "security.capability";
}

Status copy_range(int in, int out, off_t from, off_t to, bool &by_range) {
  while (from < to) {
    off_t at = from;
    const auto left = static_cast<size_t>(to - from);
    ssize_t n = 0;
    if (by_range) {
      n = copy_file_range(in, &from, out, &at, left, 0);
    } else if (lseek(out, from, SEEK_SET) < 0) {
      return fail_errno("copy");
    } else {
      n = sendfile(out, in, &from, left);
    }
    if (n == 0) return {}; // it became shorter meanwhile
    if (n > 0 || errno == EINTR) continue;
    if (!by_range || errno == ENOSPC || errno == EDQUOT || errno == EIO) return fail_errno("copy");
    by_range = false; // not across some file systems before Linux 5.19
  }
  return {};
}

// Where the copy is, below its top: for links among what is copied, and for errors. Further down than a path can be
// written it stays what it was.
class Path {
public:
  void enter(const std::string &name) {
    if (beyond_ > 0 || text_.size() + 1 + name.size() + kRoom > PATH_MAX)
      beyond_++;
    else
      text_ += "/" + name;
  }
  void leave() {
    if (beyond_ > 0)
      beyond_--;
    else
      text_.erase(text_.find_last_of('/'));
  }
  // Of an entry: "/a/b", or nothing where that is too long.
  [[nodiscard]] std::string to(const std::string &name) const { return beyond_ > 0 ? "" : text_ + "/" + name; }
  // The same for a person, whole or not: "a/b".
  [[nodiscard]] std::string shown(const std::string &name) const {
    const std::string path = text_ + "/" + name;
    if (beyond_ == 0 && path.size() <= kShown) return printable(std::string_view(path).substr(1));
    return printable(std::string_view(path).substr(1, kShown / 2)) + "/.../" + printable(name);
  }

private:
  static constexpr size_t kRoom = 2 * (NAME_MAX + 1) + 1, kShown = 240; // for the top's name, the entry's and the end
  std::string text_;
  uint64_t beyond_ = 0;
};

class Copier {
public:
  Copier(int to, const std::function<void(uint64_t)> &progress, Special special)
      : top_(to), special_(special), progress_(progress) {}

  Status tree(int from, const std::string &name, int to, const std::string &as) {
    struct stat st{};
    if (fstatat(from, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return fail_errno("read");
    device_ = st.st_dev;
    if (!S_ISDIR(st.st_mode)) return not_directory(from, name, to, as, "", st);
    if (mkdirat(to, as.c_str(), 0700) != 0) return fail_errno("create");
    return content_of(from, name, to, as, st);
  }

  // as: of a directory, which is there.
  Status content_of(int from, const std::string &name, int to, const std::string &as, const struct stat &st) {
    auto source = TRY(begin(from, name));
    auto copy = TRY(begin(to, as));
    device_ = st.st_dev;
    accessed_.push_back(st.st_atim);
    for (;;) {
      if (const dirent *next = TRY(source.next())) {
        const std::string child = next->d_name;
        TRY_IN(path_.shown(child), entry(source, copy, child, as));
        continue;
      }
      TRY_IN(path_.shown("."), finish(source.fd(), copy.fd()));
      if (source.depth() == 0) return {};
      TRY_IN(path_.shown(".."), source.leave());
      TRY_IN(path_.shown(".."), copy.leave_unread());
      path_.leave();
    }
  }

private:
  static Result<Descent> begin(int at, const std::string &name) {
    Fd fd(openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return fail_errno("open");
    return Descent::from(std::move(fd));
  }

  // One entry of the directory where both are; a directory is gone into.
  Status entry(Descent &source, Descent &copy, const std::string &name, const std::string &top) {
    struct stat st{};
    if (fstatat(source.fd(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return fail_errno("read");
    if (progress_ && ++count_ % 512 == 0) progress_(count_);
    if (!S_ISDIR(st.st_mode)) {
      const std::string path = path_.to(name);
      return not_directory(source.fd(), name, copy.fd(), name, path.empty() ? "" : top + path, st);
    }
    if (mkdirat(copy.fd(), name.c_str(), 0700) != 0) return fail_errno("create");
    const Status entered = source.enter(name);
    if (!entered && entered.error().sys_errno() == EXDEV) return mount_point(copy.fd(), name, st);
    TRY(entered);
    TRY(copy.enter(name));
    path_.enter(name);
    accessed_.push_back(st.st_atim);
    return {};
  }

  // path: of the copy from top_, to link to; empty: longer than that goes.
  Status not_directory(int from, const std::string &name, int to, const std::string &as, const std::string &path,
                       const struct stat &st) {
    if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode) && special_ == Special::LeaveOut) return {};
    if (st.st_nlink > 1 && st.st_dev == device_) {
      const auto first = linked_.find(st.st_ino);
      if (first != linked_.end()) {
        if (linkat(top_, first->second.c_str(), to, as.c_str(), 0) == 0) return {};
        if (errno != EMLINK) return fail_errno("link");
      } else if (!path.empty()) {
        linked_.emplace(st.st_ino, path);
      }
    }
    return S_ISREG(st.st_mode)   ? file(from, name, to, as)
           : S_ISLNK(st.st_mode) ? link(from, name, to, as, st)
                                 : node(to, as, st);
  }

  static Status mount_point(int to, const std::string &as, const struct stat &st) {
    const Fd made(openat(to, as.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made) return fail_errno("open");
    TRY(mode_and_owner(made.get(), st));
    return times(made.get(), "", st);
  }

  // When all is in it: what was made there changed its times, and its mode may forbid it.
  Status finish(int source, int made) {
    struct stat st{};
    if (fstat(source, &st) != 0) return fail_errno("read");
    st.st_atim = accessed_.back(); // before it was read
    accessed_.pop_back();
    TRY(mode_and_owner(made, st));
    TRY(copy_attributes(source, made));
    return times(made, "", st);
  }

  Status file(int from, const std::string &name, int to, const std::string &as) {
    const Fd in(openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    // Again: whoever shares the directory may have put another file there, which must not get the first one's mode.
    struct stat st{};
    if (!in || fstat(in.get(), &st) != 0) return fail_errno("open");
    if (!S_ISREG(st.st_mode)) return fail(ErrorKind::Busy, "was changed meanwhile");
    const Fd out(openat(to, as.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!out) return fail_errno("create");
    TRY(content(in.get(), out.get(), st));
    TRY(mode_and_owner(out.get(), st));
    TRY(copy_attributes(in.get(), out.get())); // after the owner, whose change clears file capabilities
    return times(out.get(), "", st);
  }

  // Of a file or directory: through no other descriptor. A file system without any has nothing to copy.
  Status copy_attributes(int in, int out) {
    const ssize_t n = flistxattr(in, names_.data(), names_.size());
    if (n < 0 && errno == EOPNOTSUPP) return {};
    if (n < 0) return fail_errno("extended attributes");
    for (const char *name = names_.data(); name < names_.data() + n; name += std::string_view(name).size() + 1) {
      if (!is_copied(name)) continue;
      const ssize_t size = fgetxattr(in, name, value_.data(), value_.size());
      if (size < 0 || fsetxattr(out, name, value_.data(), static_cast<size_t>(size), 0) != 0)
        return fail_errno(printable(name));
    }
    return {};
  }

  // All blocks shared at once, or what is not a hole, piece by piece.
  Status content(int in, int out, const struct stat &st) {
    if (st.st_size == 0) return {};
    if (reflink_ && ioctl(out, FICLONE, in) == 0) return {};
    if (errno != EINTR) reflink_ = false;
    constexpr blkcnt_t kBlock = 512; // st_blocks, stat(3type)
    if (st.st_blocks * kBlock >= st.st_size) return copy_range(in, out, 0, st.st_size, by_range_);
    off_t data = 0;
    while ((data = lseek(in, data, SEEK_DATA)) >= 0) {
      const off_t hole = lseek(in, data, SEEK_HOLE);
      if (hole < 0) return fail_errno("copy");
      TRY(copy_range(in, out, data, std::min(hole, st.st_size), by_range_));
      data = hole;
    }
    if (errno != ENXIO) return fail_errno("copy"); // that: only a hole is left
    if (ftruncate(out, st.st_size) != 0) return fail_errno("copy");
    return {};
  }

  static Status link(int from, const std::string &name, int to, const std::string &as, const struct stat &st) {
    char target[PATH_MAX + 1];
    const ssize_t n = readlinkat(from, name.c_str(), target, sizeof target - 1);
    if (n < 0) return fail_errno("read");
    target[n] = '\0';
    if (symlinkat(target, to, as.c_str()) != 0) return fail_errno("create");
    if (fchownat(to, as.c_str(), st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) != 0) return fail_errno("owner");
    return times(to, as.c_str(), st);
  }

  static Status node(int to, const std::string &as, const struct stat &st) {
    if (mknodat(to, as.c_str(), st.st_mode & S_IFMT, st.st_rdev) != 0) return fail_errno("create");
    // No link can stand there: nobody else changes the copy.
    if (fchownat(to, as.c_str(), st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) != 0 ||
        fchmodat(to, as.c_str(), st.st_mode & 07777U, 0) != 0)
      return fail_errno("owner");
    return times(to, as.c_str(), st);
  }

  static Status mode_and_owner(int fd, const struct stat &st) {
    if (fchown(fd, st.st_uid, st.st_gid) != 0 || fchmod(fd, st.st_mode & 07777U) != 0) return fail_errno("owner");
    return {};
  }

  static Status times(int at, const char *name, const struct stat &st) {
    const timespec both[2] = {st.st_atim, st.st_mtim};
    if (*name == '\0' ? futimens(at, both) != 0 : utimensat(at, name, both, AT_SYMLINK_NOFOLLOW) != 0)
      return fail_errno("times");
    return {};
  }

  int top_;
  Special special_;
  const std::function<void(uint64_t)> &progress_;
  dev_t device_ = 0;
  uint64_t count_ = 0;
  bool reflink_ = true, by_range_ = true; // until the file system says no
  std::map<ino_t, std::string> linked_;   // where the copy of a file with several names is
  Path path_;
  std::deque<timespec> accessed_; // of the directories on the way
  std::vector<char> names_ = std::vector<char>(XATTR_LIST_MAX), value_ = std::vector<char>(XATTR_SIZE_MAX);
};

} // namespace

Status copy_tree(int from, const std::string &name, int to, const std::string &as,
                 const std::function<void(uint64_t)> &progress, Special special) {
  TRY_IN(printable(name), Copier(to, progress, special).tree(from, name, to, as));
  return {};
}

Status copy_content(int from, int to, Special special) {
  struct stat st{};
  if (fstat(from, &st) != 0) return fail_errno("read");
  const std::function<void(uint64_t)> nobody;
  return Copier(to, nobody, special).content_of(from, ".", to, ".", st);
}

Result<bool> copy_if_there(int from, const std::string &name, int to, const std::string &as) {
  if (faccessat(from, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) return false;
  TRY(copy_tree(from, name, to, as));
  return true;
}

} // namespace jails::sys
