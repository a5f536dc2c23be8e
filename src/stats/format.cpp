#include "stats/format.h"

#include "denial/rules.h"

#include <cmath>
#include <fmt/format.h>
#include <functional>

namespace jails::stats {
namespace {

// Label values escape backslash, quote and line feed (Prometheus exposition formats, text format details).
std::string escape(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

struct Gauge {
  const char *name;
  const char *help;
  std::string (*value)(const JailUsage &);
};

constexpr Gauge kGauges[] = {
    {"jail_cpu_usage_ticks_1s", "CPU time used in the last full second, in ticks of 1/100 s.",
     [](const JailUsage &jail) { return fmt::format("{}", jail.cpu_ticks_1s); }},
    {"jail_cpu_usage_ticks_10s_avg",
     "CPU time used per second, mean of the last ten full seconds, in ticks of 1/100 s.",
     [](const JailUsage &jail) {
       return fmt::format("{}", std::round(jail.cpu_ticks_10s_avg * 10) / 10);
     }}, // "0", as the original
    {"jail_processes", "Processes in the jail.",
     [](const JailUsage &jail) { return fmt::format("{}", jail.processes); }},
    {"jail_references", "Processes that hold the jail, its anchor included.",
     [](const JailUsage &jail) { return fmt::format("{}", jail.references); }},
    {"jail_vmem_bytes", "Sum of the virtual sizes of the jail's processes.",
     [](const JailUsage &jail) { return fmt::format("{}", jail.vmem_bytes); }},
};

} // namespace

std::string table(std::span<const JailUsage> jails, bool verbose) {
  std::string out = fmt::format("{:<8} {:<16} {:<10} {:<10} {:<10} {:<10} {}", "ID", "NAME", "CPU1S", "CPU10S", "PROC",
                                "REFS", verbose ? fmt::format("{:<14} {:<10} {}", "VMEM", "THREADS", "ROOT") : "VMEM");
  out += '\n';
  for (const auto &jail : jails) {
    out += fmt::format("{:<8} {:<16} {:<10} {:<10.1f} {:<10} {:<10} ", jail.jail.jid, jail.jail.name, jail.cpu_ticks_1s,
                       jail.cpu_ticks_10s_avg, jail.processes, jail.references);
    out += verbose ? fmt::format("{:<14} {:<10} {}\n", jail.vmem_bytes, jail.threads, jail.jail.root)
                   : fmt::format("{}\n", jail.vmem_bytes);
  }
  return out;
}

std::string tab_separated(std::span<const JailUsage> jails, bool header) {
  std::string out = header ? "ID\tNAME\tCPU1S\tCPU10S\tPROC\tREFS\tVMEM\tTHREADS\tROOT\n" : "";
  for (const auto &jail : jails)
    out += fmt::format("{}\t{}\t{}\t{:.1f}\t{}\t{}\t{}\t{}\t{}\n", jail.jail.jid, jail.jail.name, jail.cpu_ticks_1s,
                       jail.cpu_ticks_10s_avg, jail.processes, jail.references, jail.vmem_bytes, jail.threads,
                       jail.jail.root);
  return out;
}

std::string prometheus(std::span<const JailUsage> jails) {
  std::string out;
  for (const auto &gauge : kGauges) out += fmt::format("# HELP {} {}\n", gauge.name, gauge.help);
  for (const auto &gauge : kGauges) out += fmt::format("# TYPE {} gauge\n", gauge.name);
  for (const auto &gauge : kGauges)
    for (const auto &jail : jails)
      out += fmt::format("{}{{jid=\"{}\",name=\"{}\",root=\"{}\"}} {}\n", gauge.name, jail.jail.jid,
                         escape(jail.jail.name), escape(jail.jail.root), gauge.value(jail));
  out += "# HELP jail_denied_total What the jail was refused, since it was registered.\n"
         "# TYPE jail_denied_total counter\n";
  for (const auto &jail : jails)
    for (int i = 0; i < SJ_RULES; i++) {
      const auto &rule = denial::describe(static_cast<sj_rule>(i));
      out += fmt::format("jail_denied_total{{jid=\"{}\",name=\"{}\",root=\"{}\",scope=\"{}\",rule=\"{}\"}} {}\n",
                         jail.jail.jid, escape(jail.jail.name), escape(jail.jail.root), rule.scope, rule.name,
                         jail.denials.of(rule.rule));
    }
  return out;
}

} // namespace jails::stats
