#include "config/variables.h"

#include "base/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails {

namespace {

constexpr size_t kNestingMax = 16; // variables in variables: bounds the recursion
constexpr std::string_view kNameCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

std::optional<std::string> as_text(const decltype(TomlValue::data) &data) {
  if (const auto *text = std::get_if<std::string>(&data)) return *text;
  if (const auto *number = std::get_if<int64_t>(&data)) return std::to_string(*number);
  if (const auto *number = std::get_if<double>(&data)) return fmt::format("{}", *number);
  if (const auto *flag = std::get_if<bool>(&data)) return *flag ? "true" : "false";
  return std::nullopt;
}

} // namespace

void Variables::add(std::string_view name, std::string_view text) {
  Variable &variable = variables_[std::string(name)];
  variable.value.data = std::string(text);
  variable.own = variable.resolved = true;
}

void Variables::add(const TomlTable &table) {
  constexpr size_t kNameMax = 32;
  for (const auto &entry : table) {
    const std::string key = "variables." + entry.key; // shown of good names only
    if (entry.key.empty() || entry.key.size() > kNameMax ||
        entry.key.find_first_not_of(kNameCharacters) != entry.key.npos) {
      notes_.add_key(entry.line, "variables",
                     "name " + in_quotes(entry.key) + ": expected 1 to 32 characters of A-Z a-z 0-9 _ and -");
    } else if (variables_[entry.key].own) {
      notes_.add_key(entry.line, key, "is there by itself, choose another name");
    } else if (!as_text(entry.value.data)) {
      notes_.add_key(entry.line, key, "expected text, a number, true or false");
      variables_[entry.key] = {entry.value, false, true, true}; // known, so that its uses are not errors as well
    } else {
      variables_[entry.key] = {entry.value, false, false, false};
    }
  }
}

void Variables::expand(TomlTable &table, const std::string &prefix) {
  constexpr size_t kShown = 64; // no key of ours is that long
  for (auto &entry : table) expand(entry.value, prefix + printable(entry.key.substr(0, kShown)));
}

// False: something in it could not be, and is noted.
bool Variables::expand(TomlValue &value, const std::string &key) {
  if (auto *table = std::get_if<TomlTable>(&value.data)) expand(*table, key + ".");
  if (auto *list = std::get_if<TomlArray>(&value.data))
    for (auto &item : *list) expand(item, key);
  const auto *text = std::get_if<std::string>(&value.data);
  if (text == nullptr || !text->contains("${")) return true;
  auto data = expand(*text, value.line, key);
  if (data)
    value.data = std::move(*data);
  else
    notes_.mute(value.line);
  return data.has_value();
}

bool Variables::spend(size_t bytes, uint32_t line, const std::string &key) {
  if (bytes <= left_) {
    left_ -= bytes;
    return true;
  }
  if (left_ != 0) notes_.add_key(line, key, "variables make the texts of this jail too long");
  left_ = 0;
  return false;
}

bool Variables::resolve(const std::string &name, Variable &variable, uint32_t line, const std::string &key) {
  if (variable.resolved) return !variable.broken;
  if (std::ranges::find(open_, name) != open_.end()) {
    notes_.add_key(line, key, fmt::format("variables need each other: {} -> {}", fmt::join(open_, " -> "), name));
    return false;
  }
  if (open_.size() == kNestingMax) {
    notes_.add_key(line, key, fmt::format("variables in variables more than {} deep", kNestingMax));
    return false;
  }
  open_.push_back(name);
  variable.broken = !expand(variable.value, "variables." + name);
  open_.pop_back();
  variable.resolved = true;
  return !variable.broken;
}

const Variables::Data *Variables::value_of(const std::string &name, uint32_t line, const std::string &key) {
  const auto at = variables_.find(name);
  if (at != variables_.end()) return resolve(name, at->second, line, key) ? &at->second.value.data : nullptr;
  std::vector<std::string_view> known;
  for (const auto &[other, variable] : variables_) known.push_back(other);
  const auto near = nearest(name, known);
  std::string text = "unknown variable " + in_quotes(name);
  text += near.empty() ? "; '$${' stands for the characters '${'" : fmt::format(", did you mean '{}'?", near);
  notes_.add_key(line, key, text);
  return nullptr;
}

std::optional<Variables::Data> Variables::expand(const std::string &text, uint32_t line, const std::string &key) {
  if (text.starts_with("${") && text.find('}') == text.size() - 1) {
    const Data *data = value_of(text.substr(2, text.size() - 3), line, key);
    if (data == nullptr || !spend(as_text(*data).value_or("").size(), line, key)) return std::nullopt;
    return *data;
  }
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const std::string_view rest = std::string_view(text).substr(i);
    if (rest.starts_with("$${")) {
      out += "${";
      i += 3;
    } else if (!rest.starts_with("${")) {
      out += text[i++];
    } else {
      const auto end = text.find('}', i);
      if (end == text.npos) {
        notes_.add_key(line, key, "a '${' without its '}'; '$${' stands for the characters '${'");
        return std::nullopt;
      }
      const Data *data = value_of(text.substr(i + 2, end - i - 2), line, key);
      const auto value = data == nullptr ? std::nullopt : as_text(*data);
      if (!value || !spend(value->size(), line, key)) return std::nullopt;
      out += *value;
      i = end + 1;
    }
  }
  return out;
}

} // namespace jails
