#include "config/edit.h"

#include "base/text.h"
#include "config/document.h"

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

// Blanks and comment behind the value of "key = value # comment".
std::string_view behind_value(std::string_view line) {
  const auto equals = line.find('=');
  char quote = 0;
  for (size_t i = equals == line.npos ? line.size() : equals + 1; i < line.size(); i++) {
    if (quote == 0 && line[i] == '#') {
      const auto last = line.find_last_not_of(" \t", i - 1);
      return line.substr(last + 1);
    }
    if (quote == 0 && (line[i] == '"' || line[i] == '\''))
      quote = line[i];
    else if (line[i] == quote)
      quote = 0;
  }
  return {};
}

class Lines {
public:
  Lines(std::string_view text, const TomlTable &document) {
    for (auto line : split(text, '\n')) lines_.emplace_back(line);
    for (const auto &entry : document) {
      const auto *table = entry.key == "limits" ? std::get_if<TomlTable>(&entry.value.data) : nullptr;
      if (table == nullptr) continue;
      for (const auto &limit : *table) present_.emplace_back(limit.key, limit.line - 1);
    }
    for (size_t i = 0; i < lines_.size() && header_ == kNone; i++)
      if (trim(lines_[i]).starts_with("[limits]")) header_ = i;
  }

  void set(std::string_view key, std::string_view value) {
    const std::string line = fmt::format("{} = {}", key, value);
    if (const auto at = std::ranges::find(present_, key, &std::pair<std::string, size_t>::first);
        at != present_.end() && at->second < lines_.size()) {
      auto &old = lines_[at->second];
      old = value.empty() ? "#" + old : line + std::string(behind_value(old));
    } else if (!value.empty()) {
      add(key, line);
    }
  }

  [[nodiscard]] std::string text() const { return fmt::format("{}", fmt::join(lines_, "\n")); }

private:
  static constexpr size_t kNone = SIZE_MAX;

  // In place of its example, "#key = ...", or right below the header.
  void add(std::string_view key, const std::string &line) {
    if (header_ == kNone) {
      if (lines_.empty() || !lines_.back().empty()) lines_.emplace_back();
      lines_.insert(lines_.end(), {"[limits]", ""});
      header_ = lines_.size() - 2;
    }
    const std::string example = fmt::format("#{} =", key);
    for (size_t i = header_ + 1; i < lines_.size() && !lines_[i].starts_with('['); i++) {
      if (!lines_[i].starts_with(example)) continue;
      lines_[i] = line;
      return;
    }
    lines_.insert(lines_.begin() + static_cast<ptrdiff_t>(header_) + 1, line);
    for (auto &[name, at] : present_)
      if (at > header_) at++;
  }

  std::vector<std::string> lines_;
  std::vector<std::pair<std::string, size_t>> present_; // keys of [limits], and their lines
  size_t header_ = kNone;
};

} // namespace

static bool has_layers(const TomlTable &document) {
  return std::ranges::any_of(document,
                             [](const auto &entry) { return entry.key == "include" || entry.key == "variables"; });
}

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
    Lines lines(text, document);
    for (const auto &key : limit_keys()) {
      if (key.text(before) == key.text(config.spec.limits)) continue;
      const std::string value = new_value(key, config.spec.limits, words);
      lines.set(key.name, value.empty() ? none : value);
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
