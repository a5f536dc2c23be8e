#include "jailmgr/disk.h"

#include "base/text.h"
#include "jailmgr/tool.h"
#include "launch/disk.h"
#include "launch/root.h"
#include "sys/copy_tree.h"
#include "sys/file.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

constexpr const char *kMake = "/sbin/mkfs.ext4", *kCheck = "/sbin/e2fsck", *kResize = "/sbin/resize2fs";

Result<uint64_t> size_of(const std::string &file) {
  struct stat st{};
  if (stat(file.c_str(), &st) != 0) return fail_errno(file);
  return static_cast<uint64_t>(st.st_size);
}

// Why a quota cannot hold it, if that is so.
Status by_quota(const Store &store, const JailConfig &config) {
  Spec spec = config.spec;
  if (access(spec.root.c_str(), F_OK) != 0) spec.root = store.jails_dir() + "/" + spec.name.str(); // not made yet
  if (access(spec.root.c_str(), F_OK) != 0) spec.root = store.jails_dir();
  return launch::check_quota(spec);
}

Status by_image(const JailConfig &config, const Error &no_quota) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorKind::Unsupported, fmt::format("{}; and no image: {}", no_quota.text(), why));
  };
  if (config.root_kind == RootKind::Plain) return refuse("root.path is a directory as it is");
  if (!config.spec.limits.disk) return refuse("it needs a size, limits.disk");
  if (access(kMake, X_OK) != 0) return refuse("there is no mkfs.ext4 (Debian's e2fsprogs)");
  if (access("/dev/loop-control", F_OK) != 0) return refuse("there are no loop devices");
  return {};
}

Status sync_directory(const std::string &path) {
  const Fd dir(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir || fsync(dir.get()) != 0) return fail_errno(path);
  return {};
}

Status put_in_place(const std::string &fresh, const std::string &image, const std::string &dir) {
  const Fd file(open(fresh.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file || fsync(file.get()) != 0) return fail_errno(fresh);
  if (rename(fresh.c_str(), image.c_str()) != 0) return fail_errno(image);
  return sync_directory(dir);
}

// Filled here: the tree is a jail's, and `mkfs.ext4 -d`, which could fill it, corrupts its own memory on one of 5000
// levels (1.47.0).
Status fill_image(const std::string &fresh, const std::string &root) {
  const Fd from(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!from) return fail_errno(root);
  const Fd mount = TRY(launch::mount_image(fresh, 0));
  const Fd top(openat(mount.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!top) return fail_errno("root of " + fresh);
  if (unlinkat(top.get(), "lost+found", AT_REMOVEDIR) != 0 && errno != ENOENT) return fail_errno("lost+found");
  TRY_IN("root", sys::copy_content(from.get(), top.get(), sys::Special::Copy));
  if (syncfs(top.get()) != 0) return fail_errno(fresh);
  return {};
}

Status make_image(const std::string &dir, const std::string &root, const Limits &limits) {
  const std::string fresh = dir + "/disk.img.new";
  unlink(fresh.c_str());
  const Fd file(open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file || ftruncate(file.get(), static_cast<off_t>(*limits.disk)) != 0) return fail_errno(fresh);
  // No blocks kept for uid 0: that is who the jail is.
  std::vector<std::string> argv{kMake, "-q", "-F", "-m", "0"};
  if (limits.inodes) argv.insert(argv.end(), {"-N", std::to_string(*limits.inodes)});
  argv.push_back(fresh);
  TRY_IN("limit 'disk'", run_tool(argv));
  TRY_IN("limit 'disk'", fill_image(fresh, root));
  return put_in_place(fresh, dir + "/disk.img", dir);
}

Status make_place(int dir) {
  if (mkdirat(dir, "root", 0755) != 0 || mkdirat(dir, "root/usr", 0755) != 0) return fail_errno("root");
  return {};
}

// What the image was made from; root/usr stays, as it does for every root.
Status clear_place(const std::string &dir) {
  const Fd parent(open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent) return fail_errno(dir);
  constexpr size_t kOnlyUsr = 3; // ".", "..", "usr"
  const Fd root(openat(parent.get(), "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const Fd usr(openat(root.get(), "usr", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (usr && TRY(sys::names_in(root.get())).size() == kOnlyUsr && TRY(sys::names_in(usr.get())).size() == kOnlyUsr - 1)
    return {};
  TRY_IN(dir, sys::remove_tree(parent.get(), "root"));
  TRY_IN(dir, make_place(parent.get()));
  return {};
}

// On a copy, which shares what it can: resize2fs(8) that is killed leaves neither the old file system nor the new one.
Status grow_image(const std::string &dir, uint64_t size) {
  const std::string image = dir + "/disk.img";
  const std::string fresh = dir + "/disk.img.new";
  const Fd unused = TRY(launch::lock_image(image)); // a jail that has just ended may not have left it yet
  unlink(fresh.c_str());
  TRY_IN("limit 'disk'", run_tool({"/bin/cp", "--sparse=always", "--reflink=auto", image, fresh}));
  if (truncate(fresh.c_str(), static_cast<off_t>(size)) != 0) return fail_errno(fresh);
  TRY_IN("limit 'disk'", run_tool({kCheck, "-f", "-p", fresh}, 1)); // 1: errors that it corrected
  TRY_IN("limit 'disk'", run_tool({kResize, fresh}));
  return put_in_place(fresh, image, dir);
}

Status check_image(const std::string &image, const Limits &limits) {
  const uint64_t size = TRY(size_of(image));
  if (limits.disk && *limits.disk < size)
    return fail(ErrorKind::Unsupported,
                fmt::format("limit 'disk': the jail's image has {}, and can only become larger", size_text(size)));
  return {};
}

} // namespace

Status check_disk(const Store &store, const JailConfig &config) {
  const std::string image = store.image_file(config.spec.name);
  if (access(image.c_str(), F_OK) == 0) return check_image(image, config.spec.limits);
  if (!launch::limits_disk(config.spec.limits) || config.spec.limits.best_effort) return {};
  const auto quota = by_quota(store, config);
  return quota ? Status{} : by_image(config, quota.error());
}

Status prepare_disk(const Store &store, const JailConfig &config) {
  const Limits &limits = config.spec.limits;
  const std::string dir = store.jail_dir(config.spec.name);
  const std::string image = store.image_file(config.spec.name);
  const bool wanted = launch::limits_disk(limits);
  if (access(image.c_str(), F_OK) != 0) {
    if (!wanted || config.root_kind == RootKind::Plain) {
      if (!wanted) launch::drop_quota(config.spec.root); // of a limit that it had once
      return {};
    }
    const auto quota = by_quota(store, config);
    if (quota) return {};
    if (const auto good = by_image(config, quota.error()); !good) return limits.best_effort ? Status{} : good;
    TRY(make_image(dir, config.spec.root, limits));
  }
  TRY(clear_place(dir));
  TRY(check_image(image, limits));
  if (limits.disk && *limits.disk > TRY(size_of(image))) TRY(grow_image(dir, *limits.disk));
  return {};
}

Result<bool> copy_image(const Store &store, const JailName &name, int to) {
  const std::string image = store.image_file(name);
  if (access(image.c_str(), F_OK) != 0) return false;
  const Fd unused = TRY(launch::lock_image(image)); // a jail that has just ended may not have left it yet
  const Fd from(open(store.jail_dir(name).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!from) return fail_errno(store.jail_dir(name));
  TRY(sys::copy_tree(from.get(), "disk.img", to, "disk.img"));
  TRY(make_place(to));
  return true;
}

void release_disk(const Store &store, const JailName &name) { launch::drop_quota(store.default_root(name)); }

} // namespace jailmgr
