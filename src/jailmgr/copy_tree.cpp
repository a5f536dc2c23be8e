#include "jailmgr/copy_tree.h"

#include "base/fd.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

class Copier {
public:
  explicit Copier(const std::function<void(uint64_t)> &progress) : progress_(progress) {}

  Status entry(int from, const std::string &name, int to, const std::string &as) {
    struct stat st{};
    if (fstatat(from, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return fail_errno(name);
    if (device_ == 0) device_ = st.st_dev;
    if (progress_ && ++count_ % 512 == 0) progress_(count_);
    switch (st.st_mode & S_IFMT) {
    case S_IFDIR: return directory(from, name, to, as, st);
    case S_IFREG: return file(from, name, to, as, st);
    case S_IFLNK: return link(from, name, to, as, st);
    default: return {};
    }
  }

private:
  Status directory(int from, const std::string &name, int to, const std::string &as, const struct stat &st) {
    if (mkdirat(to, as.c_str(), 0700) != 0) return fail_errno(as);
    const Fd made(openat(to, as.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made) return fail_errno(as);
    if (st.st_dev == device_) {
      const int source = openat(from, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (source < 0) return fail_errno(name);
      const std::unique_ptr<DIR, int (*)(DIR *)> dir(fdopendir(source), closedir);
      while (const dirent *entry_of = readdir(dir.get())) {
        const std::string child = entry_of->d_name;
        if (child != "." && child != "..") TRY_IN(name, entry(source, child, made.get(), child));
      }
    }
    return attributes(made.get(), as, st);
  }

  static Status file(int from, const std::string &name, int to, const std::string &as, const struct stat &st) {
    const Fd in(openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!in) return fail_errno(name);
    const Fd out(openat(to, as.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!out) return fail_errno(as);
    TRY_IN(name, content(in.get(), out.get()));
    char capabilities[128]; // struct vfs_ns_cap_data is 24 bytes; capabilities(7)
    const ssize_t n = fgetxattr(in.get(), "security.capability", capabilities, sizeof capabilities);
    TRY(attributes(out.get(), as, st));
    // After the owner, whose change clears them.
    if (n > 0 && fsetxattr(out.get(), "security.capability", capabilities, static_cast<size_t>(n), 0) != 0)
      return fail_errno(as + ": file capabilities");
    return {};
  }

  static Status content(int in, int out) {
    constexpr size_t kChunk = size_t{1} << 30;
    bool by_range = true; // shares blocks where the file system can; not across some file systems before Linux 5.19
    while (true) {
      const ssize_t n =
          by_range ? copy_file_range(in, nullptr, out, nullptr, kChunk, 0) : sendfile(out, in, nullptr, kChunk);
      if (n == 0) return {};
      if (n > 0 || errno == EINTR) continue;
      if (!by_range) return fail_errno("copy");
      by_range = false;
    }
  }

  static Status link(int from, const std::string &name, int to, const std::string &as, const struct stat &st) {
    char target[PATH_MAX + 1];
    const ssize_t n = readlinkat(from, name.c_str(), target, sizeof target - 1);
    if (n < 0) return fail_errno(name);
    target[n] = '\0';
    if (symlinkat(target, to, as.c_str()) != 0) return fail_errno(as);
    if (fchownat(to, as.c_str(), st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) != 0) return fail_errno(as);
    return {};
  }

  static Status attributes(int fd, const std::string &as, const struct stat &st) {
    const timespec times[2] = {st.st_atim, st.st_mtim};
    if (fchown(fd, st.st_uid, st.st_gid) != 0 || fchmod(fd, st.st_mode & 07777U) != 0 || futimens(fd, times) != 0)
      return fail_errno(as);
    return {};
  }

  const std::function<void(uint64_t)> &progress_;
  dev_t device_ = 0;
  uint64_t count_ = 0;
};

} // namespace

Status copy_tree(int from, const std::string &name, int to, const std::string &as,
                 const std::function<void(uint64_t)> &progress) {
  return Copier(progress).entry(from, name, to, as);
}

Result<bool> copy_if_there(int from, const std::string &name, int to, const std::string &as) {
  if (faccessat(from, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) return false;
  TRY(copy_tree(from, name, to, as));
  return true;
}

} // namespace jailmgr
