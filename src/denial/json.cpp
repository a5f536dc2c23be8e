#include "base/text.h"
#include "denial/format.h"
#include "denial/report.h"
#include "denial/rules.h"

#include <nlohmann/json.hpp>

namespace jails::denial {

using nlohmann::ordered_json;

static ordered_json one(const Denial &denial, const Advice &advice) {
  ordered_json row;
  row["rule"] = describe(denial.rule).name;
  row["scope"] = describe(denial.rule).scope;
  row["object"] = object_text(denial);
  row["others"] = denial.rest;
  const bool known = denial.pid != 0 && !denial.rest;
  row["program"] = known ? ordered_json(printable(denial.program)) : ordered_json();
  row["uid"] = known ? ordered_json(denial.uid) : ordered_json();
  row["pid"] = known ? ordered_json(denial.pid) : ordered_json();
  row["count"] = denial.count;
  row["first"] = unix_seconds(denial.first_ns);
  row["last"] = unix_seconds(denial.last_ns);
  row["allow"] = advice.setting.empty() ? ordered_json() : ordered_json(advice.setting);
  row["reason"] = advice.reason;
  return row;
}

std::string json(const Report &report) {
  ordered_json out;
  out["schema"] = "jailctl-why-1";
  out["jid"] = report.jail.jid;
  out["name"] = printable(report.jail.name);
  out["profile"] = to_string(report.jail.profile);
  out["denials"] = ordered_json::array();
  for (size_t i = 0; i < report.denials.size(); i++) out["denials"].push_back(one(report.denials[i], report.advice[i]));
  for (int rule = 0; rule < SJ_RULES; rule++)
    out["totals"][describe(static_cast<sj_rule>(rule)).name] = report.totals.of(static_cast<sj_rule>(rule));
  out["sources"] = ordered_json::array();
  for (const auto &source : report.sources)
    out["sources"].push_back({{"name", source.name},
                              {"active", source.active},
                              {"covers", source.covers},
                              {"detail", source.detail},
                              {"gaps", source.gaps.empty() ? ordered_json() : ordered_json(source.gaps)}});
  // Every text went through printable(), which leaves valid UTF-8; what would not be is replaced and does not throw.
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

} // namespace jails::denial
