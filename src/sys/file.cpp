#include "sys/file.h"

#include "sys/entries.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jails::sys {

Result<std::string> read_all(int fd, size_t max) {
  std::string text;
  size_t used = 0;
  while (true) {
    if (used > max) return fail(ErrorKind::Malformed, "longer than " + std::to_string(max) + " bytes");
    text.resize(std::min(max + 1, used + std::max<size_t>(used, 4096)));
    const ssize_t n = read(fd, text.data() + used, text.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read");
    if (n == 0) break;
    used += static_cast<size_t>(n);
  }
  text.resize(used);
  return text;
}

Result<std::string> read_file_at(int dir, const std::string &path, size_t max) {
  const Fd fd(openat(dir, path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(path);
  return TRY_IN(path, read_all(fd.get(), max));
}

Result<std::string> read_file(const std::string &path, size_t max) { return read_file_at(AT_FDCWD, path, max); }

Status write_file_at(int dir, const std::string &path, std::string_view text) {
  const Fd fd(openat(dir, path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return fail_errno(path);
  const ssize_t n = write(fd.get(), text.data(), text.size());
  if (n < 0) return fail_errno(path);
  if (static_cast<size_t>(n) != text.size()) return fail(ErrorKind::System, path + ": short write");
  return {};
}

Status write_file(const std::string &path, std::string_view text) { return write_file_at(AT_FDCWD, path, text); }

static Status write_whole(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("write");
    text.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Status replace_file(const std::string &path, std::string_view text, mode_t mode) {
  const std::string tmp = path + ".new";
  if (unlink(tmp.c_str()) != 0 && errno != ENOENT) return fail_errno(tmp);
  const Fd fd(open(tmp.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) return fail_errno(tmp);
  auto written = write_whole(fd.get(), text);
  // Exchanged and not replaced where there is one: ext4 writes a file that replaces another to the disk within
  // rename(2) (auto_da_alloc, ext4(5)), 0.3 ms for what a reboot takes away.
  const bool exchanged = written && renameat2(AT_FDCWD, tmp.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0;
  if (written && !exchanged && rename(tmp.c_str(), path.c_str()) != 0) written = fail_errno("rename");
  if (exchanged || !written) unlink(tmp.c_str());
  if (!written) return std::unexpected(std::move(written).error().context(path));
  return {};
}

Result<bool> make_dir(const std::string &path, mode_t mode) {
  if (mkdir(path.c_str(), mode) == 0) return true;
  if (errno == ENOENT) {
    TRY(make_dir(path.substr(0, path.find_last_of('/')), mode));
    if (mkdir(path.c_str(), mode) == 0) return true;
  }
  if (errno != EEXIST) return fail_errno(path);
  struct stat st{};
  if (lstat(path.c_str(), &st) != 0) return fail_errno(path);
  if (!S_ISDIR(st.st_mode)) return fail(ErrorKind::Exists, path + ": exists and is not a directory");
  return false;
}

Result<Entries> entries_of(int at, const std::string &name) {
  Fd fd(openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno("cannot open");
  Entries entries(fdopendir(fd.get()), closedir);
  if (!entries) return fail_errno("cannot read");
  (void)fd.release();
  return entries;
}

Result<std::vector<std::string>> names_in(int dir) {
  const auto stream = TRY_IN("the directory", entries_of(dir, "."));
  std::vector<std::string> names;
  while (const dirent *entry = readdir(stream.get())) names.emplace_back(entry->d_name);
  return names;
}

} // namespace jails::sys
