#include "config/layers.h"

#include "base/text.h"
#include "config/jail_config.h"
#include "config/variables.h"
#include "model/limits.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails {

namespace {

const TomlTable *table_at(const TomlTable &table, std::string_view key) {
  const auto at = std::ranges::find(table, key, &TomlEntry::key);
  return at == table.end() ? nullptr : std::get_if<TomlTable>(&at->value.data);
}

bool is_tables(const TomlValue &value) {
  const auto *list = std::get_if<TomlArray>(&value.data);
  return list != nullptr && !list->empty() &&
         std::ranges::all_of(*list, [](const TomlValue &item) { return std::holds_alternative<TomlTable>(item.data); });
}

// What two tables of a list are the same by.
std::string target_of(const TomlValue &item) {
  const auto *table = std::get_if<TomlTable>(&item.data);
  if (table == nullptr) return "";
  const auto at = std::ranges::find(*table, "target", &TomlEntry::key);
  const auto *text = at == table->end() ? nullptr : std::get_if<std::string>(&at->value.data);
  return text == nullptr ? "" : *text;
}

// [[mount]] of one file does not take away those of another, unless it is for the same place.
void append(TomlArray &base, TomlArray over) {
  std::erase_if(base, [&](const TomlValue &item) {
    const std::string target = target_of(item);
    return !target.empty() &&
           std::ranges::any_of(over, [&](const TomlValue &other) { return target_of(other) == target; });
  });
  std::ranges::move(over, std::back_inserter(base));
}

void merge(TomlTable &base, TomlTable over) {
  for (auto &entry : over) {
    const auto at = std::ranges::find(base, entry.key, &TomlEntry::key);
    if (at == base.end()) {
      base.push_back(std::move(entry));
      continue;
    }
    auto *ours = std::get_if<TomlTable>(&at->value.data);
    auto *theirs = std::get_if<TomlTable>(&entry.value.data);
    if (ours != nullptr && theirs != nullptr)
      merge(*ours, std::move(*theirs));
    else if (is_tables(at->value) && is_tables(entry.value))
      append(std::get<TomlArray>(at->value.data), std::move(std::get<TomlArray>(entry.value.data)));
    else
      *at = std::move(entry);
  }
}

// How a file says that there is no limit where its defaults have one.
void drop_none(TomlTable &table) {
  const auto at = std::ranges::find(table, "limits", &TomlEntry::key);
  auto *limits = at == table.end() ? nullptr : std::get_if<TomlTable>(&at->value.data);
  if (limits == nullptr) return;
  std::erase_if(*limits, [](const TomlEntry &entry) {
    const auto *text = std::get_if<std::string>(&entry.value.data);
    return text != nullptr && *text == "none" && find_limit(entry.key) != nullptr;
  });
}

Status check_include(std::string_view path, const std::string &directory) {
  constexpr size_t kPathMax = 127;
  const auto parts = split(path, '/');
  const bool clean = std::ranges::none_of(parts, [](auto part) { return part.empty() || part.starts_with('.'); });
  if (clean && path.ends_with(".toml") && path.size() <= kPathMax && printable(path) == path) return {};
  return fail(ErrorKind::Usage, fmt::format("{}: expected a path below {}, like \"common/web.toml\"", in_quotes(path),
                                            directory.empty() ? "the configuration directory" : directory));
}

// A file and what it includes, each after what it includes itself.
class Files {
public:
  Files(Diagnostics &notes, const Common &common) : notes_(notes), common_(common) {}

  void add(TomlTable table, const std::string &file) {
    chain_.push_back(file);
    for (const auto &entry : table)
      if (entry.key == "include") include_all(entry);
    chain_.pop_back();
    tables.push_back(std::move(table));
  }

  std::vector<TomlTable> tables{};

private:
  void wrong(uint32_t line, std::string_view text) { notes_.add_key(line, "include", text); }

  void include_all(const TomlEntry &entry) {
    constexpr std::string_view kExpected = "expected a list of files like [\"common/web.toml\"]";
    const auto *list = std::get_if<TomlArray>(&entry.value.data);
    if (list == nullptr) return wrong(entry.line, kExpected);
    for (const auto &item : *list) {
      const auto *path = std::get_if<std::string>(&item.data);
      if (path == nullptr) return wrong(item.line, kExpected);
      if (const auto good = check_include(*path, common_.directory); !good)
        wrong(item.line, good.error().text());
      else
        include(*path, item.line);
    }
  }

  void include(const std::string &path, uint32_t line) {
    if (std::ranges::find(chain_, path) != chain_.end())
      return wrong(line, fmt::format("files include each other: {} -> {}", fmt::join(chain_, " -> "), path));
    if (std::ranges::find(seen_, path) != seen_.end()) return;
    if (chain_.size() > kIncludeDepth) return wrong(line, fmt::format("more than {} deep", kIncludeDepth));
    if (seen_.size() == kIncludesMax) return wrong(line, fmt::format("more than {} files", kIncludesMax));
    if (!common_.read_include) return wrong(line, "nothing can be included here");
    seen_.push_back(path);
    const auto text = common_.read_include(path);
    if (!text) return wrong(line, text.error().text());
    const std::string file = common_.directory.empty() ? path : common_.directory + "/" + path;
    const uint32_t source = notes_.add_file(file);
    auto table = parse_toml(*text, file, source);
    if (!table) return notes_.add_whole(line_in(source, 1), table.error().text());
    if (check_version(*table)) add(std::move(*table), path);
  }

  // These files are younger than version 1, so they are read as of now, whatever file includes them.
  bool check_version(const TomlTable &table) {
    const auto at = std::ranges::find(table, "version", &TomlEntry::key);
    const auto *number = at == table.end() ? nullptr : std::get_if<int64_t>(&at->value.data);
    if (at == table.end() || (number != nullptr && *number == kConfigVersion)) return true;
    notes_.add_key(at->line, "version", fmt::format("expected {} in a file that is included", kConfigVersion));
    return false;
  }

  Diagnostics &notes_;
  const Common &common_;
  std::vector<std::string> chain_, seen_;
};

// Renumbers a table that was read as source 0 of another text.
void set_source(TomlTable &table, uint32_t source);
void set_source(TomlValue &value, uint32_t source) {
  value.line = line_in(source, value.line);
  if (auto *table = std::get_if<TomlTable>(&value.data)) set_source(*table, source);
  if (auto *list = std::get_if<TomlArray>(&value.data))
    for (auto &item : *list) set_source(item, source);
}
void set_source(TomlTable &table, uint32_t source) {
  for (auto &entry : table) {
    entry.line = line_in(source, entry.line);
    set_source(entry.value, source);
  }
}

TomlTable copy_for(const TomlTable &table, uint32_t source) {
  TomlTable copy = table;
  set_source(copy, source);
  return copy;
}

} // namespace

static bool is_layered(const TomlEntry &entry) { return entry.key == "include" || entry.key == "variables"; }

bool has_layers(const TomlTable &document) { return std::ranges::any_of(document, is_layered); }

Result<Common> parse_common(std::string_view text, std::string_view file) {
  Common common;
  common.file = file;
  const TomlTable table = TRY(parse_toml(text, file));
  Diagnostics notes(file);
  for (auto [key, to] : {std::pair("defaults", &common.defaults), std::pair("variables", &common.variables)}) {
    const auto at = std::ranges::find(table, key, &TomlEntry::key);
    if (at == table.end()) continue;
    if (const auto *found = table_at(table, key))
      *to = *found;
    else
      notes.add_key(at->line, key, fmt::format("expected a table, [{}]", key));
  }
  for (const auto &entry : common.defaults)
    for (const std::string_view key : {"version", "include", "variables"})
      if (entry.key == key) notes.add_key(entry.line, "defaults." + entry.key, "cannot stand in [defaults]");
  TRY(notes.status());
  return common;
}

TomlTable put_together(Diagnostics &notes, TomlTable own, int version, const JailName &name, const Common &common) {
  const bool literal = version == 1;
  const std::string file = notes.file_of(0);
  if (literal) {
    for (const auto &entry : own)
      if (is_layered(entry)) notes.add_key(entry.line, entry.key, "needs version = 2 in this file");
    std::erase_if(own, is_layered);
  }
  Files files(notes, common);
  files.add(std::move(own), file);
  const uint32_t source = common.defaults.empty() && common.variables.empty() ? 0 : notes.add_file(common.file);

  Variables variables(notes, kExpandedMax);
  variables.add("name", name.str());
  variables.add(copy_for(common.variables, source));
  for (const auto &table : files.tables) {
    const auto at = std::ranges::find(table, "variables", &TomlEntry::key);
    if (at == table.end()) continue;
    if (const auto *found = table_at(table, "variables"))
      variables.add(*found);
    else
      notes.add_key(at->line, "variables", "expected a table, [variables]");
  }

  TomlTable all = copy_for(common.defaults, source);
  variables.expand(all);
  for (auto &table : files.tables) {
    std::erase_if(table, [&](const TomlEntry &entry) { return is_layered(entry) || entry.key == "version"; });
    const bool is_own = &table == &files.tables.back();
    if (!is_own || !literal) variables.expand(table);
    merge(all, std::move(table));
  }
  drop_none(all);
  return all;
}

std::string without_variables(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    if (text.substr(i).starts_with("${")) out += '$';
    out += text[i];
  }
  return out;
}

} // namespace jails
