#include "model/exec_rule.h"

#include "base/text.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <limits>

namespace jails {
namespace {

std::unexpected<Error> bad(std::string_view text, std::string_view why) {
  return fail(ErrorKind::Usage, fmt::format("exec rule {}: {}", in_quotes(text), why));
}

// A name of passwd(5) or group(5), or an id, which setresuid(2) takes for one.
bool is_name_or_id(std::string_view text) {
  constexpr size_t kMaxBytes = 64;
  const auto good = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-' || c == '$' || c == '@';
  };
  if (text.empty() || text.size() > kMaxBytes || text[0] == '-' || !std::ranges::all_of(text, good)) return false;
  if (text.find_first_not_of("0123456789") != text.npos) return true;
  const auto id = parse_int<uint32_t>(text);
  return id && *id != std::numeric_limits<uint32_t>::max();
}

bool is_zero(std::string_view text) { return text.find_first_not_of('0') == text.npos; }

} // namespace

Result<ExecRule> parse_exec_rule(std::string_view text) {
  std::vector<std::string_view> words;
  for (const auto word : split(text, ' '))
    if (!word.empty()) words.push_back(word);
  if (words.size() != 1 && (words.size() != 3 || words[1] != "as"))
    return bad(text, "expected a user or %group of the host, alone or with 'as' and a user of the jail");
  ExecRule rule;
  rule.group = words[0].starts_with('%');
  rule.who = words[0].substr(rule.group ? 1 : 0);
  if (!is_name_or_id(rule.who))
    return bad(text, rule.group ? "expected the name or number of a group behind '%'"
                                : "expected the name or number of a user");
  if (!rule.group && (rule.who == "root" || is_zero(rule.who))) return bad(text, "root needs no rule");
  if (words.size() == 1) return rule;
  rule.as = words[2];
  const auto colon = rule.as.find(':');
  const std::string_view as = rule.as;
  if (!is_name_or_id(as.substr(0, colon)) || (colon != as.npos && !is_name_or_id(as.substr(colon + 1))))
    return bad(text, "expected a user of the jail behind 'as', optionally with :GROUP");
  return rule;
}

std::string to_string(const ExecRule &rule) {
  return fmt::format("{}{}{}{}", rule.group ? "%" : "", rule.who, rule.as.empty() ? "" : " as ", rule.as);
}

Status add_exec_rule(std::vector<ExecRule> &rules, std::string_view text) {
  auto rule = TRY(parse_exec_rule(text));
  if (std::ranges::find(rules, rule) != rules.end()) return bad(text, "is given twice");
  if (rules.size() == kExecRulesMax) return bad(text, fmt::format("more than {} rules", kExecRulesMax));
  rules.push_back(std::move(rule));
  return {};
}

Status check_exec_rules(const std::vector<ExecRule> &rules) {
  std::vector<ExecRule> all;
  for (const auto &rule : rules) TRY(add_exec_rule(all, to_string(rule)));
  return {};
}

} // namespace jails
