// What every verb does with its command line: options, --help, operands.
#pragma once

#include "base/options.h"
#include "cli/program.h"
#include "model/ids.h"
#include "secmodel/tables.h"

#include <span>
#include <string_view>
#include <vector>

namespace jails::cli {

struct Parsed {
  bool help = false; // --help was asked for and has been printed: return 0
  std::vector<std::string_view> operands;
};

Result<Parsed> parse(const Call &call, std::string_view usage, std::string_view about, std::vector<Option> options,
                     Operands operands = Operands::Anywhere);

// Usage, naming what is missing or too many: "expected a jail; usage: ...".
Status want_operands(const Parsed &parsed, std::string_view usage, size_t least, size_t most);

// Denied "VERB: must be root" for anyone else.
Status need_root(const Call &call);

// A registered jail's name from a name or a jid. NotFound: there is no such jail.
Result<JailName> selected_jail(const Call &call, std::string_view name_or_jid);

// The rows of these, each once, sorted by jid; without any, of all.
Result<std::vector<JailRow>> selected_rows(const Call &call, std::span<const std::string_view> names_or_jids);

} // namespace jails::cli
