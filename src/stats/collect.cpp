#include "stats/collect.h"

#include "cgroup/group.h"
#include "cgroup/hierarchy.h"
#include "secmodel/pace.h"

#include <numeric>

namespace jails::stats {

std::optional<uint64_t> JailStats::oom_kills() const {
  if (!figures.oom_kills && usage.jail.oom_kills == 0) return std::nullopt;
  return usage.jail.oom_kills + figures.oom_kills.value_or(0);
}

uint64_t JailStats::denials() const {
  return std::accumulate(usage.denials.count.begin(), usage.denials.count.end(), uint64_t{0});
}

static void add_drops(const Instance &instance, uint64_t cgroup, JailStats &jail) {
  const auto row = Pace::read(instance, cgroup);
  if (!row) return;
  if (row->rate[SJ_IN] != 0) jail.dropped_in = row->dropped[SJ_IN];
  if (row->rate[SJ_OUT] != 0) jail.dropped_out = row->dropped[SJ_OUT];
}

Result<std::vector<JailStats>> collect(const Instance &instance, std::vector<JailUsage> usage) {
  const auto where = TRY(cgroup::Hierarchies::discover());
  std::vector<JailStats> jails;
  for (auto &one : usage) {
    JailStats &jail = jails.emplace_back();
    jail.usage = std::move(one);
    if (jail.usage.jail.cgroup_id == 0) continue;
    const auto group = cgroup::Group::open(where, instance.cgroup_name(), TRY(JailName::parse(jail.usage.jail.name)));
    if (!group || group->id() != jail.usage.jail.cgroup_id) continue;
    jail.figures = cgroup::read_figures(*group);
    add_drops(instance, group->id(), jail);
  }
  return jails;
}

} // namespace jails::stats
