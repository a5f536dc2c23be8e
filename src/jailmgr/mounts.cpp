#include "jailmgr/mounts.h"

#include "base/text.h"
#include "sys/file.h"

#include <fmt/format.h>

namespace jailmgr {

using namespace jails;

namespace {

// Blank, tab, newline and backslash are written as \ooo, see proc_pid_mountinfo(5).
std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

} // namespace

Result<std::vector<std::string>> mounts_below(std::string_view directory) {
  constexpr size_t kMax = 64U << 20U;
  constexpr size_t kMountPoint = 4; // fifth field
  const std::string table = TRY(sys::read_file("/proc/self/mountinfo", kMax));
  std::vector<std::string> found;
  for (auto line : split(table, '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() <= kMountPoint) continue;
    const std::string at = unescape(fields[kMountPoint]);
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
