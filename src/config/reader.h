// Reading a configuration's tables: each key is asked for once, what nobody asked for is unknown.
#pragma once

#include "base/error.h"
#include "config/document.h"

#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

// Gathers errors, of one file or of several that make up one table.
class Diagnostics {
public:
  explicit Diagnostics(std::string_view file) { add_file(file); }
  // Its number, for line_in(). At most kSourcesMax.
  uint32_t add_file(std::string_view file);
  [[nodiscard]] const std::string &file_of(uint32_t line) const { return files_[line >> kLineBits]; }

  void add(uint32_t line, std::string text);                                // one line, without "FILE:LINE: "
  void add_key(uint32_t line, std::string_view key, std::string_view text); // "key 'KEY': TEXT"
  void add_whole(uint32_t line, std::string text);                          // says itself where it is
  void mute(uint32_t line) { muted_.insert(line); } // what follows of it comes from what is noted already
  [[nodiscard]] bool clean() const { return notes_.empty(); }
  [[nodiscard]] Status status() const;                // Malformed "FILE:LINE: ...": the first by file and line
  [[nodiscard]] std::vector<std::string> all() const; // all of them, in that order

private:
  struct Note {
    uint32_t line = 0;
    bool whole = false;
    std::string text;
  };
  [[nodiscard]] std::string text_of(const Note &note) const;
  std::vector<std::string> files_;
  std::vector<Note> notes_;
  std::set<uint32_t> muted_;
};

// One table. `known` holds the whole file's keys, dotted, for suggestions; `prefix` is "" or "limits.". Every reader
// below leaves `to` alone when the key is absent or wrong, and notes what is wrong. Returns the key's line if a good
// value was read, 0 otherwise.
class TableReader {
public:
  TableReader(Diagnostics &notes, const TomlTable &table, std::string_view prefix,
              std::span<const std::string_view> known);

  uint32_t boolean(std::string_view key, bool &to);
  uint32_t number(std::string_view key, std::optional<uint64_t> &to, uint64_t low, uint64_t high);
  uint32_t size(std::string_view key, std::optional<uint64_t> &to, uint64_t low, uint64_t high); // bytes, or "512M"
  uint32_t milliseconds(std::string_view key, uint32_t &to, uint32_t max_ms); // from seconds, integer or not

  // Text that `parse` judges; `expected` describes it when the value is not text at all.
  uint32_t text(std::string_view key, std::string_view expected,
                const std::function<Status(const std::string &)> &parse);
  // The same for a function that returns the value.
  template <class T> uint32_t parsed(std::string_view key, std::string_view expected, T &to, auto parse) {
    return text(key, expected, [&](const std::string &value) -> Status {
      to = TRY(parse(value));
      return {};
    });
  }

  [[nodiscard]] const TomlEntry *find(std::string_view key);              // and counts it as asked for
  [[nodiscard]] const TomlTable *table(std::string_view key);             // null if absent; notes another type
  void wrong(uint32_t line, std::string_view key, std::string_view text); // notes "key 'PREFIXKEY': TEXT"
  [[nodiscard]] Diagnostics &notes() const { return notes_; }
  [[nodiscard]] std::span<const std::string_view> known() const { return known_; }

  void done(); // notes the keys that nobody asked for

private:
  Diagnostics &notes_;
  const TomlTable &table_;
  std::string prefix_;
  std::span<const std::string_view> known_;
  std::vector<bool> asked_;
};

// Keys that are not among `known` below `prefix`, at any depth, shown with `shown` before them.
void note_unknown_keys(Diagnostics &notes, const TomlTable &table, const std::string &shown, const std::string &prefix,
                       std::span<const std::string_view> known);

// What `key` (dotted) may have meant: a known key of the same name elsewhere, or the nearest one by spelling; empty if
// nothing is near.
std::string_view nearest_key(std::string_view key, std::span<const std::string_view> known);

} // namespace jails
