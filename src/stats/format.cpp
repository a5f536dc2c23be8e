#include "stats/format.h"

#include "base/text.h"
#include "denial/rules.h"
#include "stats/fields.h"

#include <fmt/format.h>
#include <string_view>

namespace jails::stats {
namespace {

// Label values escape backslash, quote and line feed, and are UTF-8 (Prometheus exposition formats, text format
// details); a byte that is not would lose the whole page.
std::string escape(std::string_view value) {
  const std::string clean = valid_utf8(value) ? std::string(value) : printable(value);
  std::string out;
  for (const char c : clean) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

std::string labels(const JailRow &jail) {
  return fmt::format("jid=\"{}\",name=\"{}\",root=\"{}\"", jail.jid, escape(jail.name), escape(jail.root));
}

class Page {
public:
  Page(std::span<const JailStats> jails, Exposition how) : jails_(jails), how_(how) {}

  void family(const Field &field) {
    help(field.series, field.help);
    type(field.series, field.counter);
  }
  void help(std::string_view series, std::string_view text) {
    out_ += fmt::format("# HELP {} {}\n", family_of(series), text);
  }
  void type(std::string_view series, bool counter) {
    out_ += fmt::format("# TYPE {} {}\n", family_of(series), counter ? "counter" : "gauge");
  }
  void samples(const Field &field) {
    for (const auto &jail : jails_) {
      const Value value = field.value(jail);
      if (std::holds_alternative<std::monostate>(value)) continue;
      out_ += fmt::format("{}{{{}", field.series, labels(jail.usage.jail));
      if (field.resource != nullptr) out_ += fmt::format(",resource=\"{}\"", field.resource);
      out_ += fmt::format("}} {}\n", text_of(value));
    }
  }
  void denials() {
    constexpr auto kSeries = "jail_denied_total";
    help(kSeries, "What the jail was refused, since it was registered.");
    type(kSeries, true);
    for (const auto &jail : jails_)
      for (int i = 0; i < SJ_RULES; i++) {
        const auto &rule = denial::describe(static_cast<sj_rule>(i));
        out_ += fmt::format("{}{{{},scope=\"{}\",rule=\"{}\"}} {}\n", kSeries, labels(jail.usage.jail), rule.scope,
                            rule.name, jail.usage.denials.of(rule.rule));
      }
  }
  std::string end() {
    if (how_ == Exposition::OpenMetrics) out_ += "# EOF\n";
    return std::move(out_);
  }

private:
  // In OpenMetrics a counter's family lacks the suffix of its samples.
  [[nodiscard]] std::string_view family_of(std::string_view series) const {
    constexpr std::string_view kSuffix = "_total";
    if (how_ == Exposition::OpenMetrics && series.ends_with(kSuffix)) series.remove_suffix(kSuffix.size());
    return series;
  }

  std::span<const JailStats> jails_;
  Exposition how_;
  std::string out_;
};

} // namespace

std::string table(std::span<const JailUsage> jails) {
  std::string out = fmt::format("{:<8} {:<16} {:<10} {:<10} {:<10} {:<10} {}\n", "ID", "NAME", "CPU1S", "CPU10S",
                                "PROC", "REFS", "VMEM");
  for (const auto &jail : jails)
    out += fmt::format("{:<8} {:<16} {:<10} {:<10.1f} {:<10} {:<10} {}\n", jail.jail.jid, jail.jail.name,
                       jail.cpu_ticks_1s, jail.cpu_ticks_10s_avg, jail.processes, jail.references, jail.vmem_bytes);
  return out;
}

std::string verbose(std::span<const JailStats> jails) {
  std::string out;
  for (const auto &jail : jails) {
    const auto &row = jail.usage.jail;
    out +=
        fmt::format("{}jail {} (jid {}), root {}\n", out.empty() ? "" : "\n", row.name, row.jid, printable(row.root));
    const auto line = [&](std::string_view column, std::string_view resource, std::string_view value,
                          std::string_view help) {
      out += fmt::format("  {:<10} {:>14}  {}{}{}\n", column, value, resource, resource.empty() ? "" : ": ", help);
    };
    for (const auto &field : fields())
      line(field.column, field.resource != nullptr ? field.resource : "", text_of(field.value(jail)), field.help);
    line("DENIED", "", fmt::format("{}", jail.denials()), "What the jail was refused: 'jailctl why' has more.");
  }
  return out;
}

// ROOT stands where it always stood; what came later is appended.
std::string tab_separated(std::span<const JailStats> jails, bool header) {
  constexpr size_t kBeforeRoot = 6;
  const auto line = [](std::string_view id, std::string_view name, std::string_view root, std::string_view denied,
                       const auto &cell) {
    std::string out = fmt::format("{}\t{}", id, name);
    for (const auto &field : fields().first(kBeforeRoot)) out += fmt::format("\t{}", cell(field));
    out += fmt::format("\t{}", root);
    for (const auto &field : fields().subspan(kBeforeRoot)) out += fmt::format("\t{}", cell(field));
    return out + fmt::format("\t{}\n", denied);
  };
  std::string out;
  if (header) out = line("ID", "NAME", "ROOT", "DENIED", [](const Field &field) { return std::string(field.column); });
  for (const auto &jail : jails) {
    const auto &row = jail.usage.jail;
    out += line(fmt::format("{}", row.jid), row.name, printable(row.root), fmt::format("{}", jail.denials()),
                [&](const Field &field) {
                  // With one decimal always, as it was when there were nine columns.
                  return std::string_view(field.column) == "CPU10S"
                             ? fmt::format("{:.1f}", jail.usage.cpu_ticks_10s_avg)
                             : text_of(field.value(jail));
                });
  }
  return out;
}

std::string prometheus(std::span<const JailStats> jails, Exposition how) {
  Page page(jails, how);
  const auto original = fields().first(kOriginalFields);
  if (how == Exposition::Text) { // as they were: what they are first, then all samples
    for (const auto &field : original) page.help(field.series, field.help);
    for (const auto &field : original) page.type(field.series, field.counter);
  }
  for (const auto &field : original) {
    if (how == Exposition::OpenMetrics) page.family(field);
    page.samples(field);
  }
  page.denials();
  std::string_view last;
  for (const auto &field : fields().subspan(kOriginalFields)) {
    if (field.series != last) page.family(field);
    last = field.series;
    page.samples(field);
  }
  return page.end();
}

} // namespace jails::stats
