// Timing of whole commands, and the statistics and lines of the benchmarks.
#pragma once

#include "base/error.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jails::bench {

// CLOCK_MONOTONIC.
double now_seconds();

enum class Output { Discard, Keep }; // standard output and error of a command that is run

// Starts the command (looked up in PATH), waits for its end, and returns the seconds from before the start to after the
// wait. System: it cannot be started, or did not end with status 0.
Result<double> run_command(const std::vector<std::string> &command, Output output);

struct Summary {
  size_t count = 0;
  double min = 0, lower = 0, median = 0, upper = 0; // lower and upper: first and third quartile
};
// Quartiles by linear interpolation. `values` must not be empty.
Summary summarise(std::vector<double> values);

// Ours against a peer's, in seconds. `budget`: the largest ratio of medians that is all right.
struct Comparison {
  std::string figure;
  std::string peer_name;
  Summary ours, peer;
  std::optional<double> budget;

  [[nodiscard]] double ratio() const { return ours.median / peer.median; }
  [[nodiscard]] std::string verdict() const; // "ok", "over" or, without a budget, "-"
};

// For an option: a number from 1 on.
std::function<Status(std::string_view)> set_count(size_t &to);

enum class Form { Text, Row, Json };
std::string format(const Comparison &comparison, Form form); // ends in a newline

} // namespace jails::bench
