#include "jailmgr/bulk.h"

#include <cstdio>
#include <fmt/format.h>

namespace jailmgr {

using namespace jails;

Result<std::vector<JailName>> named_jails(const cli::Parsed &parsed, std::string_view usage, bool all) {
  if (all && !parsed.operands.empty()) return fail(ErrorKind::Usage, "give names or --all, not both");
  if (!all) TRY(cli::want_operands(parsed, usage, 1, SIZE_MAX));
  std::vector<JailName> names;
  for (const auto &operand : parsed.operands) names.push_back(TRY(JailName::parse(operand)));
  return names;
}

int for_each_jail(const cli::Call &call, std::span<const JailName> names,
                  const std::function<Status(const JailName &)> &act) {
  int status = 0;
  for (const auto &name : names) {
    auto done = act(name);
    fflush(stdout);
    if (done) continue;
    status = 1;
    const bool named = done.error().text().find(name.str()) != std::string::npos;
    cli::report(call.program, named ? done.error() : Error(done.error()).context("jail " + name.str()));
  }
  return status;
}

} // namespace jailmgr
