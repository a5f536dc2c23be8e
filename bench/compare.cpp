// Runs two commands by turns, so that whatever else the machine does meets both alike, and compares their medians.
#include "base/options.h"
#include "measure.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>

namespace {

using namespace jails;
using namespace jails::bench;

constexpr std::string_view kUsage = "jails_bench_compare [options] command [argument ...] --versus peer [argument ...]";

struct Task {
  std::vector<std::string> ours, peer;
  size_t runs = 100, warm_up = 5;
  std::string_view figure, peer_name;
  std::optional<double> budget;
  Form form = Form::Text;
  bool help = false;
};

Result<Task> parse(int argc, char **argv) {
  Task task;
  bool row = false;
  bool json = false;
  std::vector<Option> options;
  options.push_back({'n', "runs", "N", "runs of each (default 100)", set_count(task.runs), true});
  options.push_back(
      {'w', "warm-up", "N", "runs of each before those that count (default 5)", set_count(task.warm_up), true});
  options.push_back({'f', "figure", "TEXT", "what the first command is called", set_text(task.figure), true});
  options.push_back({'p', "peer", "TEXT", "what the second is called", set_text(task.peer_name), true});
  options.push_back({'b', "budget", "RATIO", "the largest ratio that is all right",
                     [&](std::string_view text) -> Status {
                       char *end = nullptr;
                       task.budget = strtod(std::string(text).c_str(), &end);
                       if (*end != 0 || !(*task.budget > 0)) return fail(ErrorKind::Usage, "expected a ratio above 0");
                       return {};
                     },
                     true});
  options.push_back({'r', "row", nullptr, "one line of a table", set_flag(row), true});
  options.push_back({'j', "json", nullptr, "one JSON object, times in seconds", set_flag(json), true});
  options.push_back({'h', "help", nullptr, "this text", set_flag(task.help), true});
  const auto words = TRY(parse_options(kUsage, options, argc, argv, Operands::EndTheOptions));
  if (task.help) {
    fmt::print("{}", help_text(kUsage, "Runs both by turns and compares the medians of their times.", options));
    return task;
  }
  if (row && json) return fail(ErrorKind::Usage, "--row and --json exclude each other");
  task.form = row ? Form::Row : json ? Form::Json : Form::Text;
  const auto versus = std::ranges::find(words, "--versus");
  if (versus == words.begin() || versus == words.end() || versus + 1 == words.end())
    return fail(ErrorKind::Usage, fmt::format("usage: {}", kUsage));
  task.ours.assign(words.begin(), versus);
  task.peer.assign(versus + 1, words.end());
  return task;
}

Result<Comparison> compare(const Task &task) {
  std::vector<double> ours;
  std::vector<double> peer;
  for (size_t i = 0; i < task.warm_up + task.runs; i++) {
    const double mine = TRY(run_command(task.ours, i == 0 ? Output::Keep : Output::Discard));
    const double theirs = TRY(run_command(task.peer, i == 0 ? Output::Keep : Output::Discard));
    if (i < task.warm_up) continue;
    ours.push_back(mine);
    peer.push_back(theirs);
  }
  return Comparison{.figure = task.figure.empty() ? task.ours[0] : std::string(task.figure),
                    .peer_name = task.peer_name.empty() ? task.peer[0] : std::string(task.peer_name),
                    .ours = summarise(std::move(ours)),
                    .peer = summarise(std::move(peer)),
                    .budget = task.budget};
}

Status run(int argc, char **argv) {
  const auto task = TRY(parse(argc, argv));
  if (task.help) return {};
  fmt::print("{}", format(TRY(compare(task)), task.form));
  return {};
}

} // namespace

int main(int argc, char **argv) {
  const auto done = run(argc, argv);
  if (done) return 0;
  fmt::print(stderr, "jails_bench_compare: {}\n", done.error().text());
  return done.error().kind() == ErrorKind::Usage ? 2 : 1;
}
