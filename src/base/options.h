// Command-line options: a table of Option over getopt_long(3). No output, no locale; errors are values.
#pragma once

#include "base/error.h"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

struct Option {
  char letter = 0;                 // 0: long form only
  const char *long_name = nullptr; // without "--"; nullptr: letter only
  const char *arg_name = nullptr;  // what the help calls the argument; nullptr: a flag
  const char *help = "";           // nullptr: left out of the help
  // Gets the argument ("" for a flag), which lives as long as argv. Its error is returned as "option -m: ERROR".
  std::move_only_function<Status(std::string_view)> set;
  bool once = false; // given twice is Usage
};

// Setters for the common cases; the target must outlive the parse.
std::move_only_function<Status(std::string_view)> set_flag(bool &to);
std::move_only_function<Status(std::string_view)> set_text(std::string_view &to);

enum class Operands {
  Anywhere,      // options and operands may be mixed; "--" ends the options
  EndTheOptions, // the first operand does (`exec jail command -x`); POSIXLY_CORRECT plays no part in either
};

// argv[0] is the verb (or the program) and is skipped. Returns the operands, views into argv. `usage` is the verb's
// usage line, "jailctl exec [-d dir] jail [command ...]": its first words make the hint "see 'jailctl help exec'" of an
// error. Unknown or ambiguous options, a missing or superfluous argument, and a repeated `once` are Usage. A long
// option may be shortened as far as it stays unambiguous. Not reentrant: getopt_long(3) keeps its state in globals.
Result<std::vector<std::string_view>> parse_options(std::string_view usage, std::span<Option> options, int argc,
                                                    char **argv, Operands operands = Operands::Anywhere);

// "usage: USAGE", a blank line, `about` (may be empty), and one aligned line for each option. Ends in a newline.
std::string help_text(std::string_view usage, std::string_view about, std::span<const Option> options);

} // namespace jails
