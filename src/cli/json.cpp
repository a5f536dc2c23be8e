#include "cli/json.h"

#include <fmt/format.h>

namespace jails::cli {

void print_json(const Json &value) { fmt::print("{}\n", value.dump(2, ' ', false, Json::error_handler_t::replace)); }

} // namespace jails::cli
