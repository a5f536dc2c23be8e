#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "features/features.h"

#include <fmt/format.h>

namespace jailctl {

using namespace jails;

Result<int> features(const Call &call) {
  constexpr std::string_view kUsage = "jailctl features";
  const auto parsed = TRY(
      parse(call, kUsage, "Tries each kernel guard on this machine. Exits with 1 when a required one is missing.", {}));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 0, 0));
  TRY(need_root(call));
  const auto found = probe_features();
  fmt::print("{}", features_table(found));
  return missing_features(found).empty() ? 0 : 1;
}

} // namespace jailctl
