#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "cli/journal.h"
#include "jail/registry.h"

namespace jailctl {

using namespace jails;

Result<int> last(const Call &call) {
  constexpr std::string_view kUsage = "jailctl last [-j] [-n NUMBER] jail";
  cli::LastOptions last_options;
  std::vector<Option> options;
  add_last_options(options, last_options);
  const auto parsed = TRY(parse(call, kUsage,
                                "Why a jail ended last, when, and after how long, with the last lines of its log. It "
                                "need not be registered any more.",
                                std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 1, 1));
  TRY(need_root(call));
  // A name may be that of a jail that is gone; digits can only be found in the kernel's table.
  auto name = JailName::parse(parsed.operands[0]);
  if (!name) name = TRY(selected_jail(call, parsed.operands[0]));
  return cli::print_last(call, {&*name, 1}, last_options,
                         [&](const JailName &of) { return find_jail(call.instance, of.str()).has_value(); });
}

} // namespace jailctl
