// The journal as both tools show it.
#pragma once

#include "base/options.h"
#include "cli/json.h"
#include "cli/program.h"
#include "journal/event.h"
#include "model/ids.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace jails::cli {

std::string local_time(uint64_t ms); // of CLOCK_REALTIME; "-" for 0

Json event_json(const journal::Event &event);

struct LastOptions {
  bool json = false;
  size_t lines = 5; // of the log, for each jail
};
// -j and -n.
void add_last_options(std::vector<Option> &options, LastOptions &to);

// `last`: for each jail why it ended, when, and after how long, with its last log lines. NotFound: nothing is known of
// a jail that `known` does not know either.
Result<int> print_last(const Call &call, std::span<const JailName> names, const LastOptions &options,
                       const std::function<bool(const JailName &)> &known);

} // namespace jails::cli
