#include "supervise/denial_log.h"

#include "denial/rules.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails::supervise {

static constexpr uint64_t kLineMs = 60000;

void DenialLog::update(const Denials &now, uint64_t now_ms, const Write &write) {
  for (size_t i = 0; i < SJ_RULES; i++) {
    auto &rule = rules_[i];
    const auto &described = denial::describe(static_cast<sj_rule>(i));
    const uint64_t count = now.of(described.rule);
    if (count <= rule.told || (rule.any && now_ms - rule.last_ms < kLineMs)) continue;
    write(fmt::format("refused: {}: {} {}; 'jailctl why' has the rest", described.words, count - rule.told,
                      count - rule.told == 1 ? "time" : "times"),
          !rule.any);
    rule = {.told = count, .last_ms = now_ms, .any = true};
  }
}

std::vector<DenialState> DenialLog::save() const {
  std::vector<DenialState> rules;
  for (const auto &rule : rules_) rules.push_back({.told = rule.told, .last_ms = rule.last_ms, .any = rule.any});
  return rules;
}

void DenialLog::restore(const std::vector<DenialState> &rules) {
  for (size_t i = 0; i < std::min(rules.size(), rules_.size()); i++)
    rules_[i] = {.told = rules[i].told, .last_ms = rules[i].last_ms, .any = rules[i].any};
}

} // namespace jails::supervise
