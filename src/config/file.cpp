#include "config/file.h"

#include "base/fd.h"
#include "base/scope.h"
#include "base/text.h"
#include "sys/file.h"
#include "sys/lock.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jails {

namespace {

Status check_writers(const struct stat &st, std::string_view good_modes) {
  const auto refuse = [](std::string text) { return fail(ErrorKind::Denied, std::move(text)); };
  if (st.st_uid != 0 && st.st_uid != geteuid())
    return refuse(fmt::format("belongs to uid {}, expected root: its owner could change what root runs", st.st_uid));
  if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return refuse(fmt::format("mode {:04o} lets others write it, expected {}", st.st_mode & 07777U, good_modes));
  return {};
}

// dir: AT_FDCWD or a descriptor.
Result<std::string> read_regular(int dir, const std::string &path, Trust trust) {
  // O_NONBLOCK: the open of a FIFO would wait for a writer.
  const Fd fd(openat(dir, path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!fd && errno == ELOOP) return fail(ErrorKind::Denied, "is a symbolic link, expected the file itself", ELOOP);
  if (!fd) return fail_errno("cannot open");
  struct stat st{};
  if (fstat(fd.get(), &st) != 0) return fail_errno("cannot stat");
  if (!S_ISREG(st.st_mode)) return fail(ErrorKind::Malformed, "not a regular file");
  if (trust == Trust::Checked) TRY(check_writers(st, "0600 or 0644"));
  if (static_cast<size_t>(st.st_size) > kConfigFileMax) return fail(ErrorKind::Malformed, "larger than 1 MiB");
  return sys::read_all(fd.get(), kConfigFileMax); // again bounded: the file may grow meanwhile
}

Result<Fd> open_directory(int at, const std::string &path, Trust trust) {
  Fd dir(openat(at, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!dir) return fail_errno("cannot open");
  struct stat st{};
  if (fstat(dir.get(), &st) != 0) return fail_errno("cannot stat");
  if (trust == Trust::Checked) TRY(check_writers(st, "0755 or 0700"));
  return dir;
}

// One component after the other: whoever can write one of the directories could put another file there.
Result<std::string> read_below(const std::string &directory, const std::string &path, Trust trust) {
  Fd dir = TRY_IN(printable(directory), open_directory(AT_FDCWD, directory, trust));
  std::string at = directory;
  const auto parts = split(path, '/');
  for (size_t i = 0; i + 1 < parts.size(); i++) {
    at += "/" + std::string(parts[i]);
    dir = TRY_IN(printable(at), open_directory(dir.get(), std::string(parts[i]), trust));
  }
  return TRY_IN(printable(directory + "/" + path), read_regular(dir.get(), std::string(parts.back()), trust));
}

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = TEMP_FAILURE_RETRY(write(fd, bytes.data(), bytes.size()));
    if (n < 0) return fail_errno("cannot write");
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Status replace(const std::string &path, std::string_view bytes) {
  const auto slash = path.rfind('/');
  const std::string dir = slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const Fd dir_fd(open(dir.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (!dir_fd) return fail_errno("cannot open its directory");

  // One name for all writers, so that what a killed one left is gone with the next save.
  const std::string temporary = dir + "/.new";
  auto lock = TRY_IN("cannot create a temporary file beside it", sys::FileLock::acquire(temporary));
  ScopeExit remove_temporary([&] { lock.remove_file(); });

  if (ftruncate(lock.get(), 0) != 0) return fail_errno("cannot clear what a killed writer left");
  if (fchmod(lock.get(), 0600) != 0) return fail_errno("cannot set the mode");
  TRY(write_all(lock.get(), bytes));
  if (fsync(lock.get()) != 0) return fail_errno("cannot sync"); // before the rename, or a crash leaves an empty file
  if (rename(temporary.c_str(), path.c_str()) != 0) return fail_errno("cannot rename into place");
  remove_temporary.dismiss();
  if (fsync(dir_fd.get()) != 0) return fail_errno("cannot sync its directory");
  return {};
}

} // namespace

Result<std::string> read_file(const std::string &path) {
  return TRY_IN(printable(path), read_regular(AT_FDCWD, path, Trust::Checked));
}

Result<std::string> read_any_file(const std::string &path) {
  return TRY_IN(printable(path), read_regular(AT_FDCWD, path, Trust::Any));
}

Status write_file(const std::string &path, std::string_view bytes) {
  if (bytes.size() > kConfigFileMax) return fail(ErrorKind::Usage, printable(path) + ": would be larger than 1 MiB");
  TRY_IN(printable(path), replace(path, bytes));
  return {};
}

Result<Common> load_common(const std::string &config_dir, Trust trust) {
  const std::string file = config_dir + "/jailmgr.toml";
  const auto text = trust == Trust::Checked ? read_file(file) : read_any_file(file);
  if (!text && text.error().kind() != ErrorKind::NotFound) return std::unexpected(text.error());
  Common common = text ? TRY(parse_common(*text, file)) : Common{};
  common.directory = config_dir;
  common.read_include = [config_dir, trust](const std::string &path) { return read_below(config_dir, path, trust); };
  return common;
}

Result<JailConfig> load_jail(const std::string &path, const JailName &name, std::string_view default_root,
                             const Common &common) {
  return parse_jail(TRY(read_file(path)), path, name, default_root, common);
}

Status save_jail(const std::string &path, const JailConfig &config, const Common &common) {
  TRY(validate(config.spec));
  const std::string text = write_jail(config, common);
  // TOML cannot hold everything that a command line can: words that are not UTF-8 would not come back.
  const auto back = parse_jail(text, path, config.spec.name, config.spec.root, common);
  if (!back) return fail(ErrorKind::Usage, std::string(back.error().text()));
  if (back->spec != config.spec)
    return fail(ErrorKind::Usage, printable(path) + ": the configuration would not read back as it is");
  return write_file(path, text);
}

Result<ToolConfig> load_tool(const std::string &path) {
  auto text = read_file(path);
  if (!text && text.error().kind() == ErrorKind::NotFound) return ToolConfig{};
  return parse_tool(TRY(std::move(text)), path);
}

Status save_tool(const std::string &path, const ToolConfig &config) {
  const std::string text = write_tool(config);
  if (auto back = parse_tool(text, path); !back) return fail(ErrorKind::Usage, std::string(back.error().text()));
  return write_file(path, text);
}

} // namespace jails
