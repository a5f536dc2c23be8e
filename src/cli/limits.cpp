#include "cli/limits.h"

#include "base/text.h"
#include "cgroup/host.h"
#include "cgroup/scratch.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>

namespace jails::cli {

void print_warnings(const Call &call, const std::vector<std::string> &warnings) {
  fflush(stdout);
  for (const auto &warning : warnings) fmt::print(stderr, "{}: warning: {}\n", call.program, printable(warning));
}

Status check_limits_of_host(const Call &call, const Limits &limits, const std::string &root) {
  print_warnings(call, TRY(cgroup::check_host(limits, root)));
  return {};
}

Status change_registered(const Call &call, const JailRow &row, std::span<const std::string_view> words,
                         const NameLock &lock) {
  const auto foreseen = TRY(foresee_limits(call.instance, row, words)).warnings;
  print_warnings(call, foreseen);
  auto change = TRY(set_limits(call.instance, row, words, lock));
  std::erase_if(change.warnings, [&](const auto &said) { return std::ranges::find(foreseen, said) != foreseen.end(); });
  print_warnings(call, change.warnings);
  if (!change.running) {
    fmt::print("jail {}: takes effect at its next start\n", row.name);
    return {};
  }
  for (auto word : words) {
    const auto *key = find_limit(word.substr(0, word.find('=')));
    const auto text = key->text(change.limits);
    fmt::print("jail {}: {} = {}\n", row.name, key->name, text.empty() ? "none" : text);
  }
  const auto group = TRY(cgroup::Group::open(TRY(cgroup::Hierarchies::discover()), call.instance.cgroup_name(),
                                             TRY(JailName::parse(row.name))));
  for (const auto &line : TRY(cgroup::exercise(group, change.limits))) fmt::print("tried: {}\n", line);
  return {};
}

} // namespace jails::cli
