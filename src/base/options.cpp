#include "base/options.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <getopt.h>

namespace jails {

namespace {

constexpr int kLongBase = 256; // getopt's value for the long form of options[i] is kLongBase + i

// "jailctl exec [-d dir] jail" -> "; see 'jailctl help exec'"; without a verb "; see 'jailctl --help'".
std::string hint(std::string_view usage) {
  const auto words = split(usage, ' ');
  std::string text = "; see '" + std::string(words[0]);
  const bool has_verb = words.size() > 1 && !words[1].empty() && words[1][0] >= 'a' && words[1][0] <= 'z';
  return text + (has_verb ? " help " + std::string(words[1]) : " --help") + "'";
}

std::string shown_name(const Option &option) {
  return option.long_name != nullptr ? "--" + std::string(option.long_name) : std::string("-") + option.letter;
}

// What getopt takes, and where its answers lead back to.
struct Tables {
  std::string letters;
  std::vector<option> longs;

  explicit Tables(std::span<const Option> options) {
    // '-' hands operands over in place (as the value 1) and, unlike the default, does not look at POSIXLY_CORRECT; ':'
    // tells a missing argument from an unknown option.
    letters.reserve(2 + 2 * options.size());
    letters = "-:";
    longs.reserve(options.size() + 1);
    for (size_t i = 0; i < options.size(); i++) {
      const bool takes_arg = options[i].arg_name != nullptr;
      if (options[i].letter != 0) {
        letters += options[i].letter;
        if (takes_arg) letters += ':';
      }
      if (options[i].long_name != nullptr)
        longs.push_back({options[i].long_name, takes_arg ? required_argument : no_argument, nullptr,
                         kLongBase + static_cast<int>(i)});
    }
    longs.push_back({});
  }
};

Option *find_option(std::span<Option> options, int value) {
  if (value >= kLongBase) return &options[static_cast<size_t>(value - kLongBase)];
  auto found = std::ranges::find_if(options, [&](const Option &o) { return o.letter != 0 && o.letter == value; });
  return found == options.end() ? nullptr : &*found;
}

// getopt has said '?': which of its reasons was it?
Error refusal(std::string_view usage, std::span<Option> options, const char *word) {
  const auto error = [&](std::string_view why, std::string_view what, std::string_view rest = "") {
    return Error(ErrorKind::Usage, std::string(why).append(what).append(rest).append(hint(usage)));
  };
  const std::string_view text = word;
  if (optopt >= kLongBase) return error("option '", shown_name(*find_option(options, optopt)), "' takes no argument");
  if (!text.starts_with("--")) {
    const char letter = static_cast<char>(optopt);
    return error("unknown option ", in_quotes(std::string("-") + letter));
  }
  const std::string_view name = text.substr(2, text.find('=') - 2);
  const auto matches = std::ranges::count_if(options, [&](const Option &o) {
    return o.long_name != nullptr && std::string_view(o.long_name).starts_with(name);
  });
  return error(matches > 1 ? "ambiguous option " : "unknown option ", in_quotes(text.substr(0, name.size() + 2)));
}

Status apply(std::string_view usage, Option &option, bool given_before, const char *argument) {
  if (option.once && given_before)
    return fail(ErrorKind::Usage, "option '" + shown_name(option) + "' is given twice" + hint(usage));
  auto done = option.set(argument == nullptr ? std::string_view() : std::string_view(argument));
  if (!done) return std::unexpected(std::move(done).error().context("option " + shown_name(option)));
  return {};
}

} // namespace

std::move_only_function<Status(std::string_view)> set_flag(bool &to) {
  return [&to](std::string_view) -> Status {
    to = true;
    return {};
  };
}

std::move_only_function<Status(std::string_view)> set_text(std::string_view &to) {
  return [&to](std::string_view value) -> Status {
    to = value;
    return {};
  };
}

Result<std::vector<std::string_view>> parse_options(std::string_view usage, std::span<Option> options, int argc,
                                                    char **argv, Operands operands) {
  const Tables tables(options);
  std::vector<std::string_view> rest;
  std::vector<bool> seen(options.size());
  opterr = 0;
  optind = 0; // glibc: start afresh, prefix characters of the option string included
  while (true) {
    const char *word = argv[optind == 0 ? std::min(argc, 1) : optind]; // what an error is about; argv[argc] is null
    const int value = getopt_long(argc, argv, tables.letters.c_str(), tables.longs.data(), nullptr);
    if (value == -1) break;
    if (value == 1) {
      rest.emplace_back(optarg);
      if (operands == Operands::EndTheOptions) break;
      continue;
    }
    if (value == ':') {
      const Option *option = find_option(options, optopt);
      return fail(ErrorKind::Usage,
                  "option '" +
                      (optopt >= kLongBase ? shown_name(*option) : std::string("-") + static_cast<char>(optopt)) +
                      "' needs an argument, " + option->arg_name + hint(usage));
    }
    Option *option = value == '?' ? nullptr : find_option(options, value);
    if (option == nullptr) return std::unexpected(refusal(usage, options, word));
    const auto index = static_cast<size_t>(option - options.data());
    TRY(apply(usage, *option, seen[index], optarg));
    seen[index] = true;
  }
  for (int i = optind; i < argc; i++) rest.emplace_back(argv[i]);
  return rest;
}

std::string help_text(std::string_view usage, std::string_view about, std::span<const Option> options) {
  const auto left_side = [](const Option &option) {
    std::string left = option.letter != 0 ? std::string("  -") + option.letter : "    ";
    if (option.long_name != nullptr) left.append(option.letter != 0 ? ", --" : "  --").append(option.long_name);
    if (option.arg_name != nullptr) left.append(" ").append(option.arg_name);
    return left;
  };
  size_t width = 0;
  for (const Option &option : options)
    if (option.help != nullptr) width = std::max(width, left_side(option).size());
  std::string text = "usage: " + std::string(usage) + "\n";
  if (!about.empty()) text.append("\n").append(about).append("\n");
  bool first = true;
  for (const Option &option : options) {
    if (option.help == nullptr) continue;
    if (std::exchange(first, false)) text += '\n';
    std::string left = left_side(option);
    left.resize(width, ' ');
    text.append(left).append("  ").append(option.help).append("\n");
  }
  return text;
}

} // namespace jails
