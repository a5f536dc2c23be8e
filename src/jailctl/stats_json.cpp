#include "jailctl/stats.h"

#include "cli/form.h"
#include "denial/rules.h"

namespace jailctl {

using namespace jails;

namespace {

cli::Json or_null(std::optional<uint64_t> value) { return value ? cli::Json(*value) : cli::Json(); }

cli::Json seconds(std::optional<uint64_t> ns) { return ns ? cli::Json(static_cast<double>(*ns) / 1e9) : cli::Json(); }

cli::Json stall(const std::optional<cgroup::Stall> &stall) {
  if (!stall) return {};
  return {{"avg10", stall->avg10},
          {"avg60", stall->avg60},
          {"avg300", stall->avg300},
          {"total_seconds", static_cast<double>(stall->total_us) / 1e6}};
}

cli::Json pressure(const cgroup::Pressure &pressure) {
  return {{"some", stall(pressure.some)}, {"full", stall(pressure.full)}};
}

cli::Json way(const Traffic &traffic, std::optional<uint64_t> dropped) {
  return {{"bytes", traffic.bytes}, {"packets", traffic.packets}, {"dropped_packets", or_null(dropped)}};
}

cli::Json denials(const Denials &denials) {
  auto rules = cli::Json::object();
  for (int i = 0; i < SJ_RULES; i++) {
    const auto &rule = denial::describe(static_cast<sj_rule>(i));
    rules[rule.name] = denials.of(rule.rule);
  }
  return rules;
}

cli::Json jail_json(const stats::JailStats &jail) {
  const JailUsage &usage = jail.usage;
  const cgroup::Figures &figures = jail.figures;
  return {{"jid", usage.jail.jid},
          {"name", usage.jail.name},
          {"root", usage.jail.root},
          {"running", jail.running()},
          {"processes", usage.processes},
          {"references", usage.references},
          {"threads", usage.threads},
          {"restarts", usage.jail.restarts},
          {"cpu",
           {{"ticks_1s", usage.cpu_ticks_1s},
            {"ticks_10s_avg", usage.cpu_ticks_10s_avg},
            {"seconds", seconds(usage.cpu_total_ns)},
            {"throttled_seconds", seconds(figures.throttled_ns)}}},
          {"memory",
           {{"virtual_bytes", usage.vmem_bytes},
            {"resident_bytes", or_null(usage.rss_bytes)},
            {"charged_bytes", or_null(figures.memory_bytes)},
            {"peak_bytes", or_null(figures.memory_peak_bytes)},
            {"limit_bytes", or_null(figures.memory_limit_bytes)},
            {"oom_kills", or_null(jail.oom_kills())}}},
          {"io",
           {{"read_bytes", or_null(figures.read_bytes)},
            {"written_bytes", or_null(figures.written_bytes)},
            {"reads", or_null(figures.reads)},
            {"writes", or_null(figures.writes)}}},
          {"network", {{"in", way(usage.in, jail.dropped_in)}, {"out", way(usage.out, jail.dropped_out)}}},
          {"pressure",
           {{"cpu", pressure(figures.cpu)}, {"memory", pressure(figures.memory)}, {"io", pressure(figures.io)}}},
          {"denials", denials(usage.denials)}};
}

} // namespace

void print_stats_json(std::span<const stats::JailStats> jails) {
  auto list = cli::Json::array();
  for (const auto &jail : jails) list.push_back(jail_json(jail));
  auto out = cli::json_document("jailctl-stats-1");
  out["jails"] = std::move(list);
  cli::print_json(out);
}

} // namespace jailctl
