#include "launch/disk.h"

#include "abi/capability_policy.h"
#include "launch/root.h"
#include "sys/call.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/loop.h>
#include <linux/mount.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace jails::launch {
namespace {

constexpr int kWaitMs = 10000; // for an image that its last user has just left

Result<Fd> readable(const Fd &path) {
  Fd fd(openat(path.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno("root");
  return fd;
}

std::string noun(const Limits &limits) { return limits.disk ? "limit 'disk'" : "limit 'inodes'"; }

Status apply(int root, const Limits &limits) {
  const uint32_t project = TRY(limits_disk(limits) ? sys::make_project(root) : sys::project_of(root));
  if (project == 0) return {};
  return sys::write_quota(root, project, limits.disk.value_or(0), limits.inodes.value_or(0));
}

Result<Fd> loop_device(const Fd &file, std::string &device) {
  constexpr int kTries = 64; // another takes the free one first
  const Fd control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control) return fail_errno("/dev/loop-control");
  for (int i = 0; i < kTries; i++) {
    const int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return fail_errno("a free loop device");
    device = fmt::format("/dev/loop{}", number);
    Fd loop(open(device.c_str(), O_RDWR | O_CLOEXEC));
    if (!loop) return fail_errno(device);
    loop_config config{};
    config.fd = static_cast<uint32_t>(file.get());
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (ioctl(loop.get(), LOOP_CONFIGURE, &config) == 0) return loop;
    if (errno != EBUSY) return fail_errno(device);
  }
  return fail(ErrorKind::Busy, "no loop device is free");
}

} // namespace

Status check_quota(const Spec &spec) {
  const Fd root = TRY(readable(TRY(open_root(spec.root))));
  TRY_IN(noun(spec.limits) + ": " + spec.root, sys::check_project_quota(root.get()));
  if (sj_has(effective(spec.profile, spec.permissions), SJ_PERM_FILE_FLAGS) != 0)
    return fail(ErrorKind::Usage, noun(spec.limits) + ": the permission 'file-flags' lets new files out of the quota; "
                                                      "deny it");
  return {};
}

Result<std::string> hold_to_quota(const Spec &spec) {
  if (limits_disk(spec.limits)) {
    auto good = check_quota(spec);
    if (!good && good.error().kind() == ErrorKind::Unsupported && spec.limits.best_effort)
      return good.error().text() + "; not limited";
    TRY(std::move(good));
  }
  const Fd root = TRY(readable(TRY(open_root(spec.root))));
  auto done = apply(root.get(), spec.limits);
  if (!done && !limits_disk(spec.limits) && done.error().kind() == ErrorKind::Unsupported) return std::string();
  TRY_IN(noun(spec.limits) + ": " + spec.root, std::move(done));
  return std::string();
}

void drop_quota(const std::string &root) {
  const Fd dir(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (dir) (void)apply(dir.get(), {});
}

Result<std::optional<sys::Quota>> quota_of(const std::string &root) {
  const Fd dir = TRY(readable(TRY(open_root(root))));
  const auto project = sys::project_of(dir.get());
  if (!project || *project == 0 || !sys::check_project_quota(dir.get())) return std::optional<sys::Quota>();
  return std::optional(TRY(sys::read_quota(dir.get(), *project)));
}

Result<Fd> lock_image(const std::string &image) {
  Fd file(open(image.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return fail_errno(image);
  for (int ms = 0; flock(file.get(), LOCK_EX | LOCK_NB) != 0; ms++) {
    if (errno != EWOULDBLOCK) return fail_errno(image);
    if (ms == kWaitMs)
      return fail(ErrorKind::Busy, image + " is in use, by processes that the jail left behind perhaps");
    usleep(1000);
  }
  return file;
}

Result<Fd> mount_image(const std::string &image, uint64_t attributes) {
  const Fd file = TRY(lock_image(image));
  std::string device;
  const Fd loop = TRY_IN(image, loop_device(file, device));
  // discard: what the jail deletes is given back to the host.
  return TRY_IN(image, sys::new_mount("ext4", {"source=" + device, "discard"}, attributes));
}

} // namespace jails::launch
