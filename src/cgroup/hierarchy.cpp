#include "cgroup/hierarchy.h"

#include "base/text.h"
#include "sys/file.h"

#include <algorithm>
#include <array>

namespace jails::cgroup {

Result<Hierarchies> Hierarchies::discover() {
  constexpr size_t kMax = 16U << 20U; // hosts with tens of thousands of mounts exist
  return parse(TRY(sys::read_file("/proc/self/mountinfo", kMax)));
}

// proc_pid_mountinfo(5): ID PARENT DEV ROOT MOUNTPOINT OPTIONS [TAGS...] - TYPE SOURCE SUPEROPTIONS
Result<Hierarchies> Hierarchies::parse(std::string_view mountinfo) {
  constexpr std::array kControllers = {"memory", "pids", "cpu", "cpuset", "blkio"};
  Hierarchies found;
  while (!mountinfo.empty()) {
    const auto end = std::min(mountinfo.find('\n'), mountinfo.size());
    const auto line = mountinfo.substr(0, end);
    mountinfo.remove_prefix(std::min(end + 1, mountinfo.size()));
    const auto dash = line.find(" - cgroup");
    if (dash == line.npos) continue;
    const auto left = split(line.substr(0, dash), ' ');
    const auto right = split(line.substr(dash + 3), ' ');
    if (left.size() < 6 || right.size() < 3 || left[3] != "/") continue; // a bind of a part is not the hierarchy
    if (right[0] == "cgroup2") {
      if (found.v2.empty()) found.v2 = left[4];
    } else if (right[0] == "cgroup") {
      for (auto option : split(right[2], ','))
        if (std::ranges::find(kControllers, option) != kControllers.end())
          found.v1.try_emplace(std::string(option), left[4]);
    }
  }
  if (found.v2.empty())
    return fail(ErrorKind::Unsupported, "no cgroup v2 hierarchy is mounted (mount -t cgroup2 cgroup2 /sys/fs/cgroup)");
  return found;
}

} // namespace jails::cgroup
