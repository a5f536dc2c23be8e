#include "cgroup/device.h"

#include "base/text.h"
#include "sys/file.h"

#include <cerrno>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace jails::cgroup {
namespace {

std::string sysfs_of(dev_t device) { return fmt::format("/sys/dev/block/{}:{}", major(device), minor(device)); }

Result<dev_t> below(std::string path) {
  struct stat st{};
  while (stat(path.c_str(), &st) != 0) {
    if ((errno != ENOENT && errno != ENOTDIR) || path.size() <= 1) return fail_errno(path);
    path.resize(std::max<size_t>(1, path.rfind('/')));
  }
  if (access(sysfs_of(st.st_dev).c_str(), F_OK) != 0)
    return fail(ErrorKind::Unsupported,
                fmt::format("the file system of {} is not on one block device; name the device", path));
  return st.st_dev;
}

Result<dev_t> named(std::string_view name) {
  const auto unknown = [&] {
    return fail(ErrorKind::Usage,
                fmt::format("there is no block device {}, expected one like /dev/sda or 8:0", in_quotes(name)));
  };
  const auto colon = name.find(':');
  const auto high = parse_int<unsigned>(name.substr(0, colon));
  const auto low = colon == name.npos ? std::nullopt : parse_int<unsigned>(name.substr(colon + 1));
  if (high && low) {
    const dev_t device = makedev(*high, *low);
    if (access(sysfs_of(device).c_str(), F_OK) != 0) return unknown();
    return device;
  }
  struct stat st{};
  if (!name.starts_with('/') || stat(std::string(name).c_str(), &st) != 0 || !S_ISBLK(st.st_mode)) return unknown();
  return st.st_rdev;
}

} // namespace

Result<std::string> device_number(std::string_view device, const std::string &path) {
  const dev_t number = TRY(device.empty() ? below(path) : named(device));
  const std::string dir = sysfs_of(number);
  if (access((dir + "/partition").c_str(), F_OK) != 0) return fmt::format("{}:{}", major(number), minor(number));
  const std::string disk = TRY(sys::read_file(dir + "/../dev", 64));
  return std::string(trim(disk));
}

} // namespace jails::cgroup
