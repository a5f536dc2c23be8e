#include "config/reader.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace jails {

uint32_t Diagnostics::add_file(std::string_view file) {
  files_.push_back(printable(file));
  return static_cast<uint32_t>(files_.size() - 1);
}

void Diagnostics::add(uint32_t line, std::string text) {
  if (!muted_.contains(line)) notes_.push_back({line, false, std::move(text)});
}

void Diagnostics::add_key(uint32_t line, std::string_view key, std::string_view text) {
  add(line, fmt::format("key '{}': {}", key, text));
}

void Diagnostics::add_whole(uint32_t line, std::string text) { notes_.push_back({line, true, std::move(text)}); }

std::string Diagnostics::text_of(const Note &note) const {
  constexpr uint32_t kLineMask = (1U << kLineBits) - 1;
  return note.whole ? note.text : fmt::format("{}:{}: {}", file_of(note.line), note.line & kLineMask, note.text);
}

Status Diagnostics::status() const {
  if (notes_.empty()) return {};
  return fail(ErrorKind::Malformed, text_of(*std::ranges::min_element(notes_, {}, &Note::line)));
}

std::vector<std::string> Diagnostics::all() const {
  // By line, then as they came. Not stable_sort: clang calls a function of libstdc++ 12 in it deprecated.
  std::vector<std::pair<uint32_t, size_t>> order;
  for (size_t i = 0; i < notes_.size(); i++) order.emplace_back(notes_[i].line, i);
  std::ranges::sort(order);
  std::vector<std::string> texts;
  for (const auto &[line, index] : order) texts.push_back(text_of(notes_[index]));
  return texts;
}

TableReader::TableReader(Diagnostics &notes, const TomlTable &table, std::string_view prefix,
                         std::span<const std::string_view> known)
    : notes_(notes), table_(table), prefix_(prefix), known_(known), asked_(table.size()) {}

const TomlEntry *TableReader::find(std::string_view key) {
  for (size_t i = 0; i < table_.size(); i++) {
    if (table_[i].key != key) continue;
    asked_[i] = true;
    return &table_[i];
  }
  return nullptr;
}

void TableReader::wrong(uint32_t line, std::string_view key, std::string_view text) {
  notes_.add_key(line, prefix_ + std::string(key), text);
}

const TomlTable *TableReader::table(std::string_view key) {
  const auto *entry = find(key);
  if (entry == nullptr) return nullptr;
  if (const auto *table = std::get_if<TomlTable>(&entry->value.data)) return table;
  wrong(entry->line, key, fmt::format("expected a table, [{}]", key));
  return nullptr;
}

uint32_t TableReader::boolean(std::string_view key, bool &to) {
  const auto *entry = find(key);
  if (entry == nullptr) return 0;
  if (const auto *value = std::get_if<bool>(&entry->value.data)) {
    to = *value;
    return entry->line;
  }
  wrong(entry->line, key, "expected true or false");
  return 0;
}

uint32_t TableReader::number(std::string_view key, std::optional<uint64_t> &to, uint64_t low, uint64_t high) {
  const auto *entry = find(key);
  if (entry == nullptr) return 0;
  const auto *value = std::get_if<int64_t>(&entry->value.data);
  if (value == nullptr || *value < 0 || static_cast<uint64_t>(*value) < low || static_cast<uint64_t>(*value) > high) {
    wrong(entry->line, key, fmt::format("expected a number from {} to {}", low, high));
    return 0;
  }
  to = static_cast<uint64_t>(*value);
  return entry->line;
}

uint32_t TableReader::size(std::string_view key, std::optional<uint64_t> &to, uint64_t low, uint64_t high) {
  const auto *entry = find(key);
  if (entry == nullptr) return 0;
  const auto *integer = std::get_if<int64_t>(&entry->value.data);
  const auto *text = std::get_if<std::string>(&entry->value.data);
  std::optional<uint64_t> bytes;
  if (integer != nullptr && *integer >= 0) bytes = static_cast<uint64_t>(*integer);
  if (text != nullptr) {
    auto parsed = parse_size(*text);
    if (!parsed) {
      wrong(entry->line, key, parsed.error().text());
      return 0;
    }
    bytes = *parsed;
  }
  if (!bytes || *bytes < low || *bytes > high) {
    wrong(entry->line, key, fmt::format("expected a number of bytes from {} to {}, or text like \"512M\"", low, high));
    return 0;
  }
  to = bytes;
  return entry->line;
}

uint32_t TableReader::milliseconds(std::string_view key, uint32_t &to, uint32_t max_ms) {
  const auto *entry = find(key);
  if (entry == nullptr) return 0;
  double seconds = -1;
  if (const auto *integer = std::get_if<int64_t>(&entry->value.data)) seconds = static_cast<double>(*integer);
  if (const auto *number = std::get_if<double>(&entry->value.data)) seconds = *number;
  if (!(seconds >= 0 && seconds <= max_ms / 1000.0)) { // a NaN is in no range
    wrong(entry->line, key, fmt::format("expected seconds from 0 to {}, like 5 or 2.5", max_ms / 1000));
    return 0;
  }
  to = static_cast<uint32_t>(std::lround(seconds * 1000));
  return entry->line;
}

uint32_t TableReader::text(std::string_view key, std::string_view expected,
                           const std::function<Status(const std::string &)> &parse) {
  const auto *entry = find(key);
  if (entry == nullptr) return 0;
  const auto *value = std::get_if<std::string>(&entry->value.data);
  if (value == nullptr) {
    wrong(entry->line, key, fmt::format("expected {}", expected));
    return 0;
  }
  if (auto done = parse(*value); !done) {
    wrong(entry->line, key, done.error().text());
    return 0;
  }
  return entry->line;
}

static void note_unknown(Diagnostics &notes, uint32_t line, const std::string &shown, const std::string &key,
                         std::span<const std::string_view> known) {
  const auto near = nearest_key(key, known);
  std::string text = "unknown key " + in_quotes(shown + key);
  if (!near.empty()) text += fmt::format(", did you mean '{}'?", near);
  notes.add(line, std::move(text));
}

void TableReader::done() {
  for (size_t i = 0; i < table_.size(); i++)
    if (!asked_[i]) note_unknown(notes_, table_[i].line, "", prefix_ + table_[i].key, known_);
}

void note_unknown_keys(Diagnostics &notes, const TomlTable &table, const std::string &shown, const std::string &prefix,
                       std::span<const std::string_view> known) {
  for (const auto &entry : table) {
    const std::string key = prefix + entry.key;
    if (std::ranges::find(known, key) == known.end()) {
      note_unknown(notes, entry.line, shown, key, known);
      continue;
    }
    if (const auto *inner = std::get_if<TomlTable>(&entry.value.data))
      note_unknown_keys(notes, *inner, shown, key + ".", known);
    if (const auto *list = std::get_if<TomlArray>(&entry.value.data))
      for (const auto &item : *list)
        if (const auto *inner = std::get_if<TomlTable>(&item.data))
          note_unknown_keys(notes, *inner, shown, key + ".", known);
  }
}

static std::string_view leaf(std::string_view key) {
  const auto dot = key.rfind('.');
  return dot == key.npos ? key : key.substr(dot + 1);
}

std::string_view nearest_key(std::string_view key, std::span<const std::string_view> known) {
  constexpr size_t kLongest = 40; // no key of ours is near that; also bounds the work
  if (key.size() > kLongest) return {};
  for (auto other : known)
    if (edit_distance(key, other) == 1) return other; // "port" for "ports", though "health.port" has that name
  for (auto other : known)
    if (leaf(other) == leaf(key)) return other;
  std::string_view best;
  size_t best_distance = key.size();
  for (auto other : known) {
    const size_t d = std::min(edit_distance(key, other), edit_distance(leaf(key), leaf(other)) + 1);
    const size_t allowed = std::max<size_t>(1, leaf(other).size() / 3);
    if (d <= allowed && d < best_distance) {
      best = other;
      best_distance = d;
    }
  }
  return best;
}

} // namespace jails
