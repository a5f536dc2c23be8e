// JSON for -j: objects keep the order in which their keys were set. nlohmann-json never throws here: nothing is parsed,
// and text that is not UTF-8 is replaced.
#pragma once

#define JSON_NOEXCEPTION 1
#include <nlohmann/json.hpp>

namespace jails::cli {

using Json = nlohmann::ordered_json;

// Indented, with a newline at its end, on standard output.
void print_json(const Json &value);

} // namespace jails::cli
