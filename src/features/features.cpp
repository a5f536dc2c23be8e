#include "features/features.h"

#include "denial/sources.h"
#include "features/probes.h"
#include "loader/loader.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails {
namespace {

void add(std::vector<Feature> &features, std::string name, std::string purpose, bool required, probes::Found found) {
  features.push_back(
      {std::move(name), std::move(purpose), required, found.has_value(), found ? *found : found.error().text()});
}

} // namespace

std::vector<Feature> probe_features() {
  std::vector<Feature> features;
  add(features, "namespaces", "own mounts, IPC, host name, cgroup view", true, probes::namespaces());
  add(features, "mount-api", "file systems by descriptor, none in the host's table", true, probes::mount_api());
  const auto where = cgroup::Hierarchies::discover();
  if (where) {
    add(features, "cgroup2", "membership, and an end that nothing survives", true, probes::cgroup_kill(*where));
  } else {
    add(features, "cgroup2", "membership, and an end that nothing survives", true, std::unexpected(where.error()));
  }
  add(features, "landlock-signal", "no signal leaves the jail", true, probes::landlock_signals());
  add(features, "landlock-abstract", "no abstract socket outside is reached", true, probes::landlock_abstract());
  add(features, "landlock-mount", "mount, umount, pivot_root fail", true, probes::landlock_mounts());
  add(features, "hidepid", "/proc shows the jail's own processes only", true, probes::proc_hidepid());
  add(features, "seccomp", "system calls by profile", true, probes::seccomp_filter());
  add(features, "seccomp-notify", "refused system calls are told and answered", true, probes::seccomp_notify());
  for (const auto &program : probe_secmodel())
    features.push_back({"bpf-" + program.name, program.purpose, program.required, program.works, program.reason});
  for (const char *name : {"memory", "pids"}) {
    probes::Found found = where ? probes::controller(*where, name) : probes::Found(std::unexpected(where.error()));
    add(features, fmt::format("limit-{}", name),
        name == std::string_view("memory") ? "memory of the whole jail" : "processes and threads", false,
        std::move(found));
  }
  for (const auto &source : denial::sources(std::nullopt))
    if (source.name == std::string_view("landlock"))
      features.push_back(
          {"landlock-audit", "signals and the like that were refused are told", false, source.active, source.detail});
  add(features, "overlay", "roots with a shared lower layer", false, probes::overlay());
  return features;
}

std::string features_table(const std::vector<Feature> &features) {
  std::string out = fmt::format("{:<18} {:<9} {:<6} {:<52} {}\n", "GUARD", "NEEDED", "WORKS", "WHAT FOR", "DETAIL");
  for (const auto &feature : features) {
    std::string line =
        fmt::format("{:<18} {:<9} {:<6} {:<52} {}", feature.name, feature.required ? "required" : "optional",
                    feature.works ? "yes" : "NO", feature.purpose, feature.detail);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::vector<std::string> missing_features(const std::vector<Feature> &features) {
  std::vector<std::string> missing;
  for (const auto &feature : features)
    if (feature.required && !feature.works) missing.push_back(feature.name);
  return missing;
}

} // namespace jails
