// flock(2) as an owned value. A lock file may be removed by whoever holds it: acquire() then starts over on the new
// one.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <string>

namespace jails::sys {

class FileLock {
public:
  // Waits for the exclusive lock; makes the file (0600).
  static Result<FileLock> acquire(const std::string &path);
  // Busy when somebody holds it.
  static Result<FileLock> try_acquire(const std::string &path);
  // A descriptor that holds the lock of path already.
  static FileLock adopt(Fd held, std::string path) { return {std::move(held), std::move(path)}; }
  // Is it held by a process now? False when the file does not exist.
  static bool held(const std::string &path);

  [[nodiscard]] int get() const { return fd_.get(); } // open for reading and writing
  // Takes the file away while still holding the lock.
  void remove_file();

private:
  FileLock(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  static Result<FileLock> take(const std::string &path, int operation);
  Fd fd_;
  std::string path_;
};

} // namespace jails::sys
