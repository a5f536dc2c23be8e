// What every verb does with its command line: options, --help, operands.
#pragma once

#include "base/options.h"
#include "jailctl/verb.h"

#include <optional>
#include <string_view>
#include <vector>

namespace jailctl {

struct Parsed {
  bool help = false; // --help was asked for and has been printed: return 0
  std::vector<std::string_view> operands;
};

jails::Result<Parsed> parse(const Call &call, std::string_view usage, std::string_view about, std::vector<jails::Option> options,
                            jails::Operands operands = jails::Operands::Anywhere);

// Usage, naming what is missing or too many: "expected a jail; usage: ...".
jails::Status want_operands(const Parsed &parsed, std::string_view usage, size_t least, size_t most);

// Denied "VERB: must be root" for anyone else.
jails::Status need_root(const Call &call);

// A registered jail's name from a name or a jid. NotFound: there is no such jail.
jails::Result<jails::JailName> selected_jail(const Call &call, std::string_view name_or_jid);

} // namespace jailctl
