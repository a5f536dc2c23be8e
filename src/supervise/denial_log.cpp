#include "supervise/denial_log.h"

#include "denial/rules.h"

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

} // namespace jails::supervise
