#include "config/toml_lines.h"

#include "base/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails {
namespace {

constexpr size_t kNone = SIZE_MAX;

struct Shape {
  int depth = 0;                                  // brackets that it opens and does not close
  size_t comment = kNone;                         // where that begins
  std::vector<std::pair<size_t, size_t>> texts{}; // begin and end of each, without the quotes
};

Shape shape_of(std::string_view line) {
  Shape shape;
  char quote = 0;
  size_t begin = 0;
  for (size_t i = 0; i < line.size(); i++) {
    const char c = line[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"') {
        i++;
      } else if (c == quote) {
        shape.texts.emplace_back(begin, i);
        quote = 0;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      begin = i + 1;
    } else if (c == '#') {
      shape.comment = i;
      return shape;
    } else if (c == '[' || c == '{') {
      shape.depth++;
    } else if (c == ']' || c == '}') {
      shape.depth--;
    }
  }
  return shape;
}

// A comment behind a value, with the blanks before it.
std::string behind_value(std::string_view line) {
  const size_t comment = shape_of(line).comment;
  if (comment == kNone || comment == 0) return "";
  return std::string(line.substr(line.find_last_not_of(" \t", comment - 1) + 1));
}

bool is_header(std::string_view line, std::string_view section) {
  return trim(line).starts_with(fmt::format("[{}]", section));
}

} // namespace

TomlLines::TomlLines(std::string_view text, const TomlTable &document) {
  for (auto line : split(text, '\n')) lines_.emplace_back(line);
  const auto note = [&](const std::string &section, const TomlEntry &entry) {
    if (entry.line > 0 && entry.line <= lines_.size()) keys_.push_back({section, entry.key, entry.line - 1});
  };
  for (const auto &entry : document) {
    note("", entry);
    if (const auto *table = std::get_if<TomlTable>(&entry.value.data))
      for (const auto &below : *table) note(entry.key, below);
  }
}

std::string TomlLines::text() const { return fmt::format("{}", fmt::join(lines_, "\n")); }

const TomlLines::Key *TomlLines::find(std::string_view section, std::string_view key) const {
  const auto at =
      std::ranges::find_if(keys_, [&](const Key &there) { return there.section == section && there.key == key; });
  return at == keys_.end() ? nullptr : &*at;
}

size_t TomlLines::end_of(size_t first) const {
  int depth = 0;
  for (size_t at = first; at < lines_.size(); at++)
    if ((depth += shape_of(lines_[at]).depth) <= 0) return at + 1;
  return first + 1;
}

void TomlLines::insert(size_t at, const std::string &line) {
  lines_.insert(lines_.begin() + static_cast<ptrdiff_t>(at), line);
  for (auto &key : keys_)
    if (key.at >= at) key.at++;
}

void TomlLines::erase(size_t begin, size_t end) {
  lines_.erase(lines_.begin() + static_cast<ptrdiff_t>(begin), lines_.begin() + static_cast<ptrdiff_t>(end));
  for (auto &key : keys_)
    if (key.at >= end) key.at -= end - begin;
}

void TomlLines::set(std::string_view section, std::string_view key, std::string_view value) {
  const std::string line = fmt::format("{} = {}", key, value);
  const Key *there = find(section, key);
  if (there == nullptr) {
    if (!value.empty()) add(section, key, line);
    return;
  }
  const size_t at = there->at;
  const size_t end = end_of(at);
  if (value.empty()) {
    for (size_t i = at; i < end; i++) lines_[i].insert(0, "#");
    return;
  }
  lines_[at] = line + behind_value(lines_[end - 1]);
  erase(at + 1, end);
}

void TomlLines::add(std::string_view section, std::string_view key, const std::string &line) {
  size_t begin = 0; // the first line that the key may have
  if (!section.empty()) {
    const auto header = std::ranges::find_if(lines_, [&](const auto &text) { return is_header(text, section); });
    begin = static_cast<size_t>(header - lines_.begin()) + 1;
    if (header == lines_.end()) {
      if (lines_.empty() || !lines_.back().empty()) lines_.emplace_back();
      lines_.insert(lines_.end(), {fmt::format("[{}]", section), ""});
      begin = lines_.size() - 1;
    }
  } else if (const Key *version = find("", "version")) {
    begin = version->at + 1;
  }
  const std::string example = fmt::format("#{} =", key);
  for (size_t i = begin; i < lines_.size() && !lines_[i].starts_with('['); i++) {
    if (!lines_[i].starts_with(example)) continue;
    lines_[i] = line;
    return;
  }
  insert(begin, line);
}

void TomlLines::change_texts(std::string_view section, std::string_view key,
                             const std::function<std::string(std::string_view)> &change) {
  const Key *there = find(section, key);
  if (there == nullptr) return;
  const size_t end = end_of(there->at);
  for (size_t i = there->at; i < end; i++) {
    auto &line = lines_[i];
    const Shape shape = shape_of(line);
    for (auto text = shape.texts.rbegin(); text != shape.texts.rend(); text++) { // from behind: places stay right
      const size_t size = text->second - text->first;
      line.replace(text->first, size, change(std::string_view(line).substr(text->first, size)));
    }
  }
}

} // namespace jails
