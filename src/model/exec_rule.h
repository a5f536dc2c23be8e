// Who of the host's users may run commands in a jail without being root, and as whom of the jail.
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace jails {

inline constexpr size_t kExecRulesMax = 32;

struct ExecRule {
  bool group = false; // who is a group of the host: each of its members
  std::string who{};  // a name, or digits, which are an id; never root
  std::string as{};   // user of the jail, name or uid, optionally ":" and a group; empty: the same uid and gid

  friend bool operator==(const ExecRule &, const ExecRule &) = default;
};

// "alice", "1000", "%ops", "bob as www-data", "%ops as app:app". Usage. Whether there are such users is not asked here.
Result<ExecRule> parse_exec_rule(std::string_view text);
std::string to_string(const ExecRule &rule); // as it is parsed

// Usage: given twice, or more than kExecRulesMax.
Status add_exec_rule(std::vector<ExecRule> &rules, std::string_view text);
Status check_exec_rules(const std::vector<ExecRule> &rules);

} // namespace jails
