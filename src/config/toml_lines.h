// A TOML text by its lines, so that single keys of what a person wrote can be changed and everything else stays. It
// follows one key a line below its [section], and values over several lines; not every way to write TOML. Whoever
// changes something reads the result back.
#pragma once

#include "config/document.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

class TomlLines {
public:
  TomlLines(std::string_view text, const TomlTable &document);

  // A key of [section], or before all of them for "". In its place, else in place of its example ("#key = ..."), else
  // as a new line. value: as TOML; empty: the key is commented out.
  void set(std::string_view section, std::string_view key, std::string_view value);

  // Every text in quotes of the key's value becomes what `change` makes of it.
  void change_texts(std::string_view section, std::string_view key,
                    const std::function<std::string(std::string_view)> &change);

  [[nodiscard]] std::string text() const;

private:
  struct Key {
    std::string section, key;
    size_t at;
  };
  [[nodiscard]] const Key *find(std::string_view section, std::string_view key) const;
  [[nodiscard]] size_t end_of(size_t first) const; // one behind the last line of a value
  void add(std::string_view section, std::string_view key, const std::string &line);
  void insert(size_t at, const std::string &line);
  void erase(size_t begin, size_t end);

  std::vector<std::string> lines_;
  std::vector<Key> keys_;
};

} // namespace jails
