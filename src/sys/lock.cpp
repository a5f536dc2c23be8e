#include "sys/lock.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jails::sys {
namespace {

// held() has the lock for a moment itself, and must not be taken for a holder.
constexpr int kTries = 100;
constexpr useconds_t kPause = 1000;

} // namespace

Result<FileLock> FileLock::take(const std::string &path, int operation) {
  while (true) {
    Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return fail_errno("lock " + path);
    int rc = 0;
    for (int tries = 1; (rc = flock(fd.get(), operation)) != 0; tries++) {
      if (errno != EINTR && (errno != EWOULDBLOCK || tries >= kTries)) break;
      if (errno == EWOULDBLOCK) usleep(kPause);
    }
    if (rc != 0) {
      if (errno == EWOULDBLOCK) return fail(ErrorKind::Busy, "lock " + path + ": held by another process", EWOULDBLOCK);
      return fail_errno("lock " + path);
    }
    struct stat mine{};
    struct stat there{};
    if (fstat(fd.get(), &mine) != 0) return fail_errno("lock " + path);
    if (stat(path.c_str(), &there) == 0 && there.st_ino == mine.st_ino && there.st_dev == mine.st_dev)
      return FileLock(std::move(fd), path);
  }
}

Result<FileLock> FileLock::acquire(const std::string &path) { return take(path, LOCK_EX); }
Result<FileLock> FileLock::try_acquire(const std::string &path) { return take(path, LOCK_EX | LOCK_NB); }

bool FileLock::held(const std::string &path) {
  const Fd fd(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  return fd && flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

void FileLock::remove_file() { unlink(path_.c_str()); }

} // namespace jails::sys
