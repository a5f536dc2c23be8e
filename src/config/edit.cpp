#include "config/edit.h"

#include "base/text.h"
#include "config/document.h"
#include "config/toml_lines.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails {
namespace {

std::string value_text(std::string_view word) {
  const bool bare = word == "true" || word == "false" || word.find_first_not_of("0123456789") == word.npos;
  return bare ? std::string(word) : toml_string(word);
}

// What is typed for this limit, or what has become of it besides.
std::string new_value(const LimitKey &key, const Limits &wanted, std::span<const std::string_view> words) {
  const std::string text = key.text(wanted);
  if (text.empty()) return "";
  for (auto word : words)
    if (find_limit(word.substr(0, word.find('='))) == &key) return value_text(word.substr(word.find('=') + 1));
  return value_text(text);
}

} // namespace

Result<std::string> edit_limits(std::string_view text, std::string_view file, const JailName &name,
                                std::string_view default_root, std::span<const std::string_view> words,
                                const Common &common) {
  JailConfig config = TRY(parse_jail(text, file, name, default_root, common));
  const Limits before = config.spec.limits;
  TRY(change_limits(config.spec.limits, words));
  const TomlTable document = TRY(parse_toml(text, file));
  const auto good = [&](const std::string &edited) {
    const auto back = parse_jail(edited, file, name, default_root, common);
    return back && *back == config;
  };
  // A limit that [defaults] or an included file brings back has to be said to be none.
  for (const std::string_view none : {"", "\"none\""}) {
    TomlLines lines(text, document);
    for (const auto &key : limit_keys()) {
      if (key.text(before) == key.text(config.spec.limits)) continue;
      const std::string value = new_value(key, config.spec.limits, words);
      lines.set("limits", key.name, value.empty() ? none : value);
    }
    std::string edited = lines.text();
    if (good(edited)) return edited;
  }
  if (has_layers(document))
    return fail(ErrorKind::Malformed,
                fmt::format("{}: its limits are not one a line below [limits]: edit it by hand", printable(file)));
  return write_jail(config, common);
}

} // namespace jails
