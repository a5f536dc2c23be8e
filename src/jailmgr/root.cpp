#include "jailmgr/root.h"

#include "base/fd.h"
#include "jailmgr/base.h"
#include "jailmgr/etc.h"
#include "jailmgr/progress.h"
#include "sys/copy_tree.h"
#include "sys/entries.h"

#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

struct Directory {
  const char *path;
  mode_t mode;
};
// usr, proc, dev and sys are mount points. Parents stand before their children.
constexpr Directory kDirectories[] = {
    {"dev", 0755},       {"etc", 0755},          {"home", 0755},    {"mnt", 0755},       {"opt", 0755},
    {"proc", 0555},      {"root", 0700},         {"run", 0755},     {"run/lock", 01777}, {"srv", 0755},
    {"sys", 0555},       {"tmp", 01777},         {"usr", 0755},     {"var", 0755},       {"var/cache", 0755},
    {"var/lib", 0755},   {"var/lib/misc", 0755}, {"var/log", 0755}, {"var/mail", 02775}, {"var/opt", 0755},
    {"var/spool", 0755}, {"var/tmp", 01777},     {"var/www", 0755},
};

Status make_directories(int root, bool with_usr) {
  for (const auto &directory : kDirectories) {
    if (!with_usr && std::string_view(directory.path) == "usr") continue;
    if (mkdirat(root, directory.path, 0700) != 0 || fchmodat(root, directory.path, directory.mode, 0) != 0)
      return fail_errno(directory.path);
  }
  constexpr gid_t kMail = 8;
  if (fchownat(root, "var/mail", 0, kMail, 0) != 0 || fchmodat(root, "var/mail", 02775, 0) != 0)
    return fail_errno("var/mail");
  if (symlinkat("/run", root, "var/run") != 0 || symlinkat("/run/lock", root, "var/lock") != 0)
    return fail_errno("var/run");
  return {};
}

Status copy_links(int base, int root) {
  const auto dir = TRY_IN("base", sys::entries_of(base, "."));
  while (const dirent *entry = readdir(dir.get())) {
    char target[PATH_MAX + 1];
    const ssize_t n = readlinkat(base, entry->d_name, target, sizeof target - 1);
    if (n < 0 || std::string_view(entry->d_name) == "usr") continue; // directories: not ours to copy
    target[n] = '\0';
    if (symlinkat(target, root, entry->d_name) != 0) return fail_errno(entry->d_name);
  }
  return {};
}

Status copy_usr(const std::string &base_dir, int root) {
  const Fd usr(open((base_dir + "/usr").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); // for "host" through the link
  if (!usr) return fail_errno(base_dir + "/usr");
  Progress progress("/usr");
  return sys::copy_tree(usr.get(), ".", root, "usr", [&](uint64_t count) { progress(count); });
}

} // namespace

Status make_root(int parent, const std::string &base_dir, const JailConfig &config) {
  const Fd base(open(base_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!base && errno == ENOENT)
    return fail(ErrorKind::NotFound,
                fmt::format("there is no base '{}': 'jailmgr bootstrap' makes the base 'host'", config.base), ENOENT);
  if (!base) return fail_errno(base_dir);
  if (mkdirat(parent, "root", 0755) != 0 || fchmodat(parent, "root", 0755, 0) != 0) return fail_errno("root");
  const Fd root(openat(parent, "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root) return fail_errno("root");
  const bool thick = config.root_kind == RootKind::Thick;
  TRY_IN("root", make_directories(root.get(), !thick));
  TRY_IN("root", copy_links(base.get(), root.get()));
  const Fd etc(openat(root.get(), "etc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const std::string &hostname = config.spec.hostname.empty() ? config.spec.name.str() : config.spec.hostname;
  TRY_IN("/etc of the new root", seed_etc(etc.get(), base_etc(base_dir), hostname));
  if (thick) TRY_IN("/usr of the new root", copy_usr(base_dir, root.get()));
  return {};
}

} // namespace jailmgr
