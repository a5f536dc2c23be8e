#include "jailctl/verb.h"

#include "base/text.h"
#include "cli/arguments.h"
#include "jail/control.h"

#include <fmt/format.h>
#include <unistd.h>

namespace jailctl {

using namespace jails;

// A program of its own, so that every other verb starts without ncurses (src/top).
Result<int> top(const Call &call) {
  constexpr std::string_view kUsage = "jailctl top [-d seconds]";
  unsigned seconds = 2;
  std::vector<Option> options;
  options.push_back({'d', "delay", "seconds", "between two looks, 1 to 3600 (default 2)",
                     [&seconds](std::string_view text) -> Status {
                       const auto number = parse_int<unsigned>(text);
                       if (!number || *number < 1 || *number > 3600)
                         return fail(ErrorKind::Usage, in_quotes(text) + ": expected seconds, 1 to 3600");
                       seconds = *number;
                       return {};
                     },
                     true});
  const auto parsed =
      TRY(parse(call, kUsage,
                "The jails and what they use, on the whole terminal, again and again; unfolds a jail to "
                "its processes,\nstarts, stops, freezes and enters it. '?' there says the keys.",
                std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 0, 0));
  TRY(need_root(call));
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0)
    return fail(ErrorKind::Unsupported, "top needs a terminal; 'jailctl stats' and 'jailctl ps' print");
  const std::string program = TRY(libexec_program("jail-top"));
  execl(program.c_str(), "jail-top", fmt::format("{}", seconds).c_str(), nullptr);
  return fail_errno(program);
}

} // namespace jailctl
