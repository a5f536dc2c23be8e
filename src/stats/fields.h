// One table of everything that is told of a jail; the forms of output come from it, so that none knows less.
#pragma once

#include "stats/collect.h"

#include <cstdint>
#include <span>
#include <string>
#include <variant>

namespace jails::stats {

using Value = std::variant<std::monostate, uint64_t, double>; // monostate: unknown

struct Field {
  const char *column; // of -T; stable
  const char *series; // of Prometheus; neighbours may share one, and differ in `resource`
  bool counter;
  const char *resource; // a label; nullptr: none
  const char *help;     // a sentence
  Value (*value)(const JailStats &);
};

// The first five are the columns and series of the original, in its order.
std::span<const Field> fields();
constexpr size_t kOriginalFields = 5;

// "-" for what is unknown; a real number as short as it can be without loss.
std::string text_of(const Value &value);

} // namespace jails::stats
