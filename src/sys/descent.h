// A way down a tree and back, of any depth: with eight descriptors and 24 bytes of memory a level. The lowest
// directories are open; one further up is opened again through "..", and must then be the one that it was. No link is
// followed and no mount crossed, bind mounts of the same file system included. For trees that nobody changes but the
// caller: one that is moved meanwhile ends the walk.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "sys/entries.h"

#include <deque>
#include <dirent.h>
#include <string>
#include <sys/types.h>

namespace jails::sys {

class Descent {
public:
  // top: open for reading. It may be the root of a mount.
  static Result<Descent> from(Fd top);

  [[nodiscard]] int fd() const { return dirfd(open_.back().entries.get()); } // of the directory where it is
  [[nodiscard]] size_t depth() const { return above_.size() + open_.size() - 1; }
  // Of the directory where it is, but "." and ".."; null at its end. Valid until any other call.
  Result<const dirent *> next();
  // From the first entry again.
  void rewind() { rewinddir(open_.back().entries.get()); }

  // Goes into the directory that next() has just returned. errno EXDEV: something is mounted there.
  Status enter(const std::string &name);
  // Back, below the top only; next() goes on after the directory that was left, whose name it returns.
  Result<std::string> leave();
  // Back, where next() is not used.
  Status leave_unread();

private:
  struct Place {
    dev_t device;
    ino_t inode;
    long at; // position of the entry that next() returned last
  };
  struct Level {
    Entries entries;
    Place place;
    std::string name;
  };
  Descent() = default;
  static Result<Level> level(Fd fd, std::string name);
  Result<Level> up();
  Result<std::string> find(const Place &child);

  std::deque<Place> above_; // closed, the top first
  std::deque<Level> open_;
};

} // namespace jails::sys
