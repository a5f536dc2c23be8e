#include "jailmgr/mounts.h"

#include "base/text.h"
#include "sys/file.h"

#include <fmt/format.h>

namespace jailmgr {

using namespace jails;

Result<std::vector<std::string>> mounts_below(std::string_view directory) {
  constexpr size_t kMax = 64U << 20U;
  constexpr size_t kMountPoint = 4; // fifth field
  const std::string table = TRY(sys::read_file("/proc/self/mountinfo", kMax));
  std::vector<std::string> found;
  for (auto line : split(table, '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() <= kMountPoint) continue;
    const std::string at = unescape_octal(fields[kMountPoint]);
    if (at.starts_with(directory) && (at.size() == directory.size() || at[directory.size()] == '/'))
      found.push_back(at);
  }
  return found;
}

Status check_no_mounts(std::string_view noun, std::string_view directory) {
  const auto mounts = TRY(mounts_below(directory));
  if (mounts.empty()) return {};
  std::string names;
  for (const auto &mount : mounts) names += (names.empty() ? "" : ", ") + printable(mount);
  return fail(ErrorKind::Busy,
              fmt::format("{}: something is mounted below its directory; unmount first: {}", noun, names));
}

} // namespace jailmgr
