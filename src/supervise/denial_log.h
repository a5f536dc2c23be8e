// A jail's denials as lines of its log: the first of a rule at once, afterwards at most one line a minute and rule,
// with what came since.
#pragma once

#include "secmodel/tables.h"
#include "supervise/state.h"

#include <array>
#include <functional>
#include <string_view>

namespace jails::supervise {

class DenialLog {
public:
  // before: what had been refused before this start, which is not told again.
  explicit DenialLog(const Denials &before) {
    for (size_t i = 0; i < SJ_RULES; i++) rules_[i].told = before.of(static_cast<sj_rule>(i));
  }

  // Writes the lines that are due. now_ms: CLOCK_MONOTONIC. first: of its rule.
  using Write = std::function<void(std::string_view line, bool first)>;
  void update(const Denials &now, uint64_t now_ms, const Write &write);

  // For who goes on with it.
  [[nodiscard]] std::vector<DenialState> save() const;
  void restore(const std::vector<DenialState> &rules); // by their numbers; what is not there stays

private:
  struct Rule {
    uint64_t told = 0;    // how many the lines speak of
    uint64_t last_ms = 0; // when the last line was written
    bool any = false;     // one was
  };
  std::array<Rule, SJ_RULES> rules_{};
};

} // namespace jails::supervise
