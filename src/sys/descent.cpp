#include "sys/descent.h"

#include "base/text.h"
#include "sys/call.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string_view>
#include <sys/stat.h>

namespace jails::sys {
namespace {

constexpr size_t kOpen = 8; // deeper than most of what is there for a purpose goes without opening anything twice
constexpr uint64_t kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

std::unexpected<Error> moved() { return fail(ErrorKind::Busy, "a directory was moved meanwhile"); }

bool is(int dir, const dirent &entry, dev_t device, ino_t inode) {
  struct stat st{};
  return (entry.d_type == DT_DIR || entry.d_type == DT_UNKNOWN) &&
         fstatat(dir, entry.d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == device && st.st_ino == inode;
}

} // namespace

Result<Descent::Level> Descent::level(Fd fd, std::string name) {
  struct stat st{};
  if (fstat(fd.get(), &st) != 0) return fail_errno(printable(name));
  Level made{Entries(fdopendir(fd.get()), closedir), {st.st_dev, st.st_ino, 0}, std::move(name)};
  if (!made.entries) return fail_errno(printable(made.name));
  (void)fd.release();
  return made;
}

Result<Descent> Descent::from(Fd top) {
  Descent made;
  made.open_.push_back(TRY(level(std::move(top), "")));
  return made;
}

Result<const dirent *> Descent::next() {
  Level &here = open_.back();
  for (;;) {
    here.place.at = telldir(here.entries.get());
    errno = 0;
    const dirent *entry = readdir(here.entries.get());
    if (entry == nullptr && errno != 0) return fail_errno(printable(here.name));
    if (entry == nullptr) return nullptr;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") return entry;
  }
}

Status Descent::enter(const std::string &name) {
  auto fd = open_at(this->fd(), name, kFlags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
  if (!fd) return fail_errno(printable(name), fd.error().sys_errno());
  open_.push_back(TRY(level(std::move(*fd), name)));
  if (open_.size() <= kOpen) return {};
  above_.push_back(open_.front().place);
  open_.pop_front();
  return {};
}

// The level that was left. Nothing has changed after an error.
Result<Descent::Level> Descent::up() {
  if (open_.size() == 1) {
    Level parent = TRY(level(TRY(open_at(fd(), "..", kFlags, RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV)), ""));
    const Place &was = above_.back();
    if (parent.place.device != was.device || parent.place.inode != was.inode) return moved();
    parent.place.at = was.at;
    above_.pop_back();
    open_.push_front(std::move(parent));
  }
  Level left = std::move(open_.back());
  open_.pop_back();
  return left;
}

Status Descent::leave_unread() {
  TRY(up());
  return {};
}

Result<std::string> Descent::leave() {
  const bool closed = open_.size() == 1;
  Level left = TRY(up());
  if (!closed) return std::move(left.name);
  seekdir(open_.back().entries.get(), open_.back().place.at);
  return find(left.place);
}

// Where the position is not kept by the file system, from the beginning: in a directory that nobody changes, what
// stands before the child has been seen.
Result<std::string> Descent::find(const Place &child) {
  const dirent *entry = TRY(next());
  if (entry != nullptr && is(fd(), *entry, child.device, child.inode)) return std::string(entry->d_name);
  rewind();
  while ((entry = TRY(next())) != nullptr)
    if (is(fd(), *entry, child.device, child.inode)) return std::string(entry->d_name);
  return moved();
}

} // namespace jails::sys
