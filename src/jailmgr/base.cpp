#include "jailmgr/base.h"

#include "base/fd.h"
#include "sys/file.h"

#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

std::string link_target(int dir, const char *name) {
  char target[PATH_MAX];
  const ssize_t n = readlinkat(dir, name, target, sizeof target);
  return n < 0 ? std::string() : std::string(target, static_cast<size_t>(n));
}

Result<bool> set_link(int dir, const char *name, const std::string &target) {
  if (link_target(dir, name) == target) return false;
  if (unlinkat(dir, name, 0) != 0 && errno != ENOENT) return fail_errno(name);
  if (symlinkat(target.c_str(), dir, name) != 0) return fail_errno(name);
  return true;
}

} // namespace

Result<bool> make_host_base(const Instance &instance) {
  const std::string path = instance.data_dir() + "/base/host";
  bool changed = TRY(sys::make_dir(path, 0755));
  const Fd base(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!base) return fail_errno(path);
  for (const char *name : {"bin", "sbin", "lib", "lib32", "lib64", "libx32"}) {
    struct stat st{};
    const std::string on_host = fmt::format("/{}", name);
    if (lstat(on_host.c_str(), &st) != 0) {
      if (errno != ENOENT) return fail_errno(on_host);
      if (unlinkat(base.get(), name, 0) == 0) changed = true;
      continue;
    }
    std::string target = link_target(AT_FDCWD, on_host.c_str());
    if (target.starts_with('/')) target.erase(0, 1);
    if (!target.starts_with("usr/"))
      return fail(
          ErrorKind::Unsupported,
          fmt::format("{} is no link into /usr: a thin root needs a host with merged /usr (Debian: package usrmerge)",
                      on_host));
    if (TRY(set_link(base.get(), name, target))) changed = true;
  }
  if (TRY(set_link(base.get(), "usr", "/usr"))) changed = true; // last: with it the base counts as there
  return changed;
}

std::string base_etc(const std::string &base_dir) {
  char target[8];
  return readlink((base_dir + "/usr").c_str(), target, sizeof target) > 0 ? "/etc" : base_dir + "/etc";
}

} // namespace jailmgr
