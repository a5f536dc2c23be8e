#include "cli/members.h"

#include "cgroup/group.h"
#include "jail/ending.h"

#include <ctime>
#include <unistd.h>

namespace jails::cli {

Result<size_t> count_members(const Instance &instance, const JailRow &row) {
  const auto where = TRY(cgroup::Hierarchies::discover());
  const auto group = cgroup::Group::open(where, instance.cgroup_name(), TRY(JailName::parse(row.name)));
  if (!group) return group.error().kind() == ErrorKind::NotFound ? Result<size_t>(0) : std::unexpected(group.error());
  return group->count_others(row.anchor);
}

std::string_view list_state(const Instance &instance, const JailRow &row, uint64_t references) {
  const auto name = JailName::parse(row.name);
  if (references == 0) return geteuid() == 0 && failure_of(instance, row) ? "failed" : "down";
  const auto where = cgroup::Hierarchies::discover();
  const auto group = where && name ? cgroup::Group::open(*where, instance.cgroup_name(), *name)
                                   : Result<cgroup::Group>(fail(ErrorKind::NotFound, "no cgroup"));
  if (group && group->frozen().value_or(false)) return "frozen";
  return name && access(instance.unhealthy_file(*name).c_str(), F_OK) == 0 ? "unhealthy" : "up";
}

uint64_t age_seconds(const JailRow &row) {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) - row.created_ns / 1000000000;
}

} // namespace jails::cli
