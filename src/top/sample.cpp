#include "top/sample.h"

#include "cgroup/group.h"
#include "jail/registry.h"
#include "view/processes.h"

#include <algorithm>
#include <ctime>
#include <dirent.h>
#include <memory>
#include <set>
#include <string>

namespace jails::top {
namespace {

uint64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// jailmgr's jails are directories (src/jailmgr/store.h); a name that begins with a dot is being made or removed.
std::set<std::string> configured_jails(const Instance &instance) {
  std::set<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR *)> dir(opendir((instance.data_dir() + "/jails").c_str()), closedir);
  while (const dirent *entry = dir ? readdir(dir.get()) : nullptr)
    if (const auto name = JailName::parse(entry->d_name)) names.insert(name->str());
  return names;
}

bool is_frozen(const Instance &instance, const std::string &jail) {
  const auto where = cgroup::Hierarchies::discover();
  const auto name = JailName::parse(jail);
  if (!where || !name) return false;
  const auto group = cgroup::Group::open(*where, instance.cgroup_name(), *name);
  return group && group->frozen().value_or(false);
}

std::optional<double> per_second(std::optional<uint64_t> now, std::optional<uint64_t> before, double seconds) {
  if (!now || !before || *now < *before || seconds <= 0) return std::nullopt; // smaller: its cgroup was made anew
  return static_cast<double>(*now - *before) / seconds;
}

} // namespace

void Sampler::add_rates(Line &line, const stats::JailStats &jail) {
  const Counters now{.at_ns = monotonic_ns(),
                     .cpu_ns = jail.usage.cpu_total_ns,
                     .read = jail.figures.read_bytes,
                     .written = jail.figures.written_bytes,
                     .in = jail.usage.in.bytes,
                     .out = jail.usage.out.bytes};
  const auto [at, first] = before_.try_emplace(line.jid, now);
  if (first) return;
  const Counters &then = at->second;
  const double seconds = static_cast<double>(now.at_ns - then.at_ns) / 1e9;
  if (const auto cpu = per_second(now.cpu_ns, then.cpu_ns, seconds)) line.cpu_percent = *cpu / 1e7;
  line.read_rate = per_second(now.read, then.read, seconds);
  line.write_rate = per_second(now.written, then.written, seconds);
  line.in_rate = per_second(now.in, then.in, seconds);
  line.out_rate = per_second(now.out, then.out, seconds);
  at->second = now;
}

Result<std::vector<Line>> Sampler::look() {
  const auto telemetry = TRY(Telemetry::open(*instance_));
  const auto jails = TRY(stats::collect(*instance_, TRY(telemetry.snapshot())));
  std::vector<JailRow> rows;
  for (const auto &jail : jails)
    if (jail.usage.references != 0) rows.push_back(jail.usage.jail);
  auto processes = TRY(view::processes_of(*instance_, rows));
  auto configured = configured_jails(*instance_);
  std::vector<Line> lines;
  for (const auto &jail : jails) {
    const auto &usage = jail.usage;
    Line &line = lines.emplace_back();
    line.name = usage.jail.name;
    line.jid = usage.jail.jid;
    line.configured = configured.erase(line.name) != 0;
    line.state = usage.references == 0 ? "down" : is_frozen(*instance_, line.name) ? "frozen" : "up";
    line.processes = usage.processes;
    line.threads = usage.threads;
    line.memory_bytes = jail.figures.memory_bytes;
    add_rates(line, jail);
    uint64_t resident = 0;
    for (auto &process : processes) {
      if (process.jid != line.jid) continue;
      if (process.role != view::Role::Supervisor) resident += process.rss_bytes;
      line.tree.push_back(std::move(process));
    }
    // No memory controller in use: what is resident is a good deal of it.
    if (!line.memory_bytes && usage.references != 0) line.memory_bytes = resident;
  }
  std::erase_if(before_, [&](const auto &entry) {
    return std::ranges::none_of(lines, [&](const Line &line) { return line.jid == entry.first; });
  });
  for (const auto &name : configured) {
    Line &line = lines.emplace_back();
    line.name = name;
    line.state = "stopped";
    line.configured = true;
  }
  return lines;
}

} // namespace jails::top
