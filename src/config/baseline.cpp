#include "config/baseline.h"

#include "base/text.h"
#include "config/layers.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <vector>

namespace jails {

namespace {

// Lines "key = value" and "#key = value" of a written file, by their dotted keys.
class Written {
public:
  explicit Written(std::string_view text) {
    std::string section;
    for (auto line : split(text, '\n')) {
      if (line.starts_with("[[")) break; // lists of tables are none of ours
      if (line.starts_with('[')) section = std::string(line.substr(1, line.find(']') - 1)) + ".";
      const auto from = line.starts_with('#') ? line.substr(1) : line;
      const auto end = from.find(" = ");
      if (end != from.npos && !from.starts_with(' '))
        at_.emplace(section + std::string(from.substr(0, end)), lines.size());
      lines.emplace_back(line);
    }
    rest_ = std::string(text.substr(std::min(text.size(), length())));
  }

  std::string *find(const std::string &key) {
    const auto at = at_.find(key);
    return at == at_.end() ? nullptr : &lines[at->second];
  }
  [[nodiscard]] std::string text() const {
    return fmt::format("{}{}{}", fmt::join(lines, "\n"), rest_.empty() ? "" : "\n", rest_);
  }

  std::vector<std::string> lines{};

private:
  [[nodiscard]] size_t length() const {
    size_t bytes = 0;
    for (const auto &line : lines) bytes += line.size() + 1;
    return bytes;
  }
  std::map<std::string, size_t> at_;
  std::string rest_;
};

// What says that there is none, of a key that is not there by itself.
std::string nothing_like(const std::string &key, const TomlValue &value, std::string_view commented) {
  const auto name = key.substr(key.rfind('.') + 1);
  if (std::holds_alternative<TomlArray>(value.data)) return name + " = []";
  if (key == "provision.script") return name + " = \"\"";
  return key.starts_with("limits.") ? name + " = \"none\"" : std::string(commented.substr(1));
}

void leave(Written &ours, Written &baseline, const TomlTable &defaults, const std::string &prefix) {
  for (const auto &entry : defaults) {
    const std::string key = prefix + entry.key;
    if (const auto *table = std::get_if<TomlTable>(&entry.value.data)) {
      leave(ours, baseline, *table, key + ".");
      continue;
    }
    auto *line = ours.find(key);
    const auto *theirs = baseline.find(key);
    if (line == nullptr || theirs == nullptr || theirs->starts_with('#')) continue;
    if (*line == *theirs)
      *line = "#" + *line;
    else if (line->starts_with('#'))
      *line = nothing_like(key, entry.value, *line);
  }
}

} // namespace

std::string escape_lines(std::string_view text) {
  std::string out;
  for (auto line : split(text, '\n')) {
    out += line.starts_with('#') ? std::string(line) : without_variables(line);
    out += '\n';
  }
  out.pop_back(); // what is behind the last newline is empty, and gets none
  return out;
}

std::string leave_to_defaults(std::string_view text, std::string_view baseline, const TomlTable &defaults) {
  Written ours(text);
  Written theirs(baseline);
  leave(ours, theirs, defaults, "");
  return ours.text();
}

} // namespace jails
