// ${NAME} in texts.
#pragma once

#include "config/document.h"
#include "config/reader.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

// Adds whole tables, later ones over earlier ones; then puts them into texts.
class Variables {
public:
  // max: bytes that all texts together may become.
  Variables(Diagnostics &notes, size_t max) : notes_(notes), left_(max) {}

  void add(std::string_view name, std::string_view text); // of our own: no table may have it
  void add(const TomlTable &table);

  // Every text in the table, at any depth. A text that is one variable and nothing else takes that one's type.
  void expand(TomlTable &table, const std::string &prefix = "");

private:
  struct Variable {
    TomlValue value;
    bool own = false, resolved = false;
    bool broken = false; // and said so
  };
  using Data = decltype(TomlValue::data);

  bool expand(TomlValue &value, const std::string &key);
  std::optional<Data> expand(const std::string &text, uint32_t line, const std::string &key);
  const Data *value_of(const std::string &name, uint32_t line, const std::string &key);
  bool resolve(const std::string &name, Variable &variable, uint32_t line, const std::string &key);
  bool spend(size_t bytes, uint32_t line, const std::string &key);

  Diagnostics &notes_;
  size_t left_;
  std::map<std::string, Variable, std::less<>> variables_;
  std::vector<std::string> open_; // being resolved, each for the one before
};

} // namespace jails
