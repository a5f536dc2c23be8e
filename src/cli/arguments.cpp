#include "cli/arguments.h"

#include "base/text.h"
#include "jail/registry.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

namespace jails::cli {

Result<Parsed> parse(const Call &call, std::string_view usage, std::string_view about, std::vector<Option> options,
                     Operands operands) {
  Parsed parsed;
  options.push_back({0, "help", nullptr, "show this", set_flag(parsed.help), false});
  auto rest = parse_options(usage, options, call.argc, call.argv, operands);
  if (parsed.help) {
    fmt::print("{}", help_text(usage, about, options));
    return parsed;
  }
  if (!rest) return std::unexpected(std::move(rest).error());
  parsed.operands = std::move(*rest);
  return parsed;
}

Status want_operands(const Parsed &parsed, std::string_view usage, size_t least, size_t most) {
  if (parsed.operands.size() < least) return fail(ErrorKind::Usage, fmt::format("too few arguments; usage: {}", usage));
  if (parsed.operands.size() > most)
    return fail(ErrorKind::Usage,
                fmt::format("'{}' is one argument too many; usage: {}", printable(parsed.operands[most]), usage));
  return {};
}

Status need_root(const Call &call) {
  if (geteuid() != 0) return fail(ErrorKind::Denied, fmt::format("{}: must be root", call.argv[0]));
  return {};
}

Result<JailName> selected_jail(const Call &call, std::string_view name_or_jid) {
  const bool digits =
      !name_or_jid.empty() && std::ranges::all_of(name_or_jid, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) TRY(JailName::parse(name_or_jid));
  return JailName::parse(TRY(find_jail(call.instance, name_or_jid)).name);
}

Result<std::vector<JailRow>> selected_rows(const Call &call, std::span<const std::string_view> names_or_jids) {
  std::vector<std::string> names;
  for (const auto operand : names_or_jids) names.push_back(TRY(selected_jail(call, operand)).str());
  auto rows = TRY(list_jails(call.instance));
  if (!names.empty())
    std::erase_if(rows, [&](const JailRow &row) { return std::ranges::find(names, row.name) == names.end(); });
  return rows;
}

} // namespace jails::cli
