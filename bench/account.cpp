// What the accounting of CPU time costs at each switch of tasks: turns over pipes by two processes of the host, with
// secmodel_jail loaded and not; and by two in a jail's cgroup beside two of the host, in a cgroup of the same depth:
// the kernel does its own accounting for each level. Those in the jail's cgroup have nothing else of a jail, no filter
// and no domain, so the difference is ours.
#include "base/options.h"
#include "base/text.h"
#include "measure.h"
#include "pipes.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>

namespace {

using namespace jails;
using namespace jails::bench;

constexpr std::string_view kUsage =
    "jails_bench_account [--json] [-n rounds] --on COMMAND --off COMMAND | --cgroup DIRECTORY [--peer DIRECTORY]";
constexpr int kTurns = 100;             // half a millisecond
constexpr int kBatches = 10;            // the fastest counts: what else the machine does only ever adds
constexpr size_t kSamplesPerRound = 40; // of one state, when commands change it
constexpr double kHostBudget = 1.02;
constexpr double kJailBudget = 1.03;

Result<double> sample(const Turner &turner) {
  double best = TRY(turner.turns(kTurns));
  for (int i = 1; i < kBatches; i++) best = std::min(best, TRY(turner.turns(kTurns)));
  return best;
}

Status measure(const Turner &turner, size_t samples, std::vector<double> &times) {
  for (size_t i = 0; i < samples; i++) times.push_back(TRY(sample(turner)));
  return {};
}

Result<Comparison> of_the_host(const std::vector<std::string> &on, const std::vector<std::string> &off, size_t rounds) {
  const auto turner = TRY(Turner::start(""));
  std::vector<double> loaded, bare;
  for (size_t i = 0; i < rounds; i++) {
    TRY(run_command(on, Output::Discard));
    TRY(measure(turner, kSamplesPerRound, loaded));
    TRY(run_command(off, Output::Discard));
    TRY(measure(turner, kSamplesPerRound, bare));
  }
  return Comparison{"turn over pipes, host", "model not loaded", summarise(loaded), summarise(bare), kHostBudget};
}

Result<Comparison> of_a_jail(const std::string &cgroup, const std::string &peer, size_t rounds) {
  const auto jailed = TRY(Turner::start(cgroup));
  const auto host = TRY(Turner::start(peer));
  std::vector<double> ours, theirs;
  for (size_t i = 0; i < rounds * kSamplesPerRound; i++) { // by turns of a few milliseconds
    ours.push_back(TRY(sample(jailed)));
    theirs.push_back(TRY(sample(host)));
  }
  return Comparison{"turn over pipes, accounted", peer.empty() ? "host process" : "cgroup of the host", summarise(ours),
                    summarise(theirs), kJailBudget};
}

Status run(int argc, char **argv) {
  std::string_view on, off, cgroup, peer;
  size_t rounds = 10;
  bool json = false;
  std::vector<Option> options;
  options.push_back({0, "on", "COMMAND", "loads the model (words as in sh)", set_text(on), true});
  options.push_back({0, "off", "COMMAND", "unloads it", set_text(off), true});
  options.push_back({0, "cgroup", "DIRECTORY", "of a jail that runs", set_text(cgroup), true});
  options.push_back({0, "peer", "DIRECTORY", "a cgroup of the host; with --cgroup", set_text(peer), true});
  options.push_back({'n', "rounds", "N", "rounds of 40 samples (default 10)", set_count(rounds), true});
  options.push_back({'j', "json", nullptr, "a JSON object a line, times in seconds", set_flag(json), true});
  const auto words = TRY(parse_options(kUsage, options, argc, argv));
  if (!words.empty() || on.empty() != off.empty() || on.empty() == cgroup.empty())
    return fail(ErrorKind::Usage, fmt::format("usage: {}", kUsage));
  const auto result = cgroup.empty() ? TRY(of_the_host(TRY(split_command(on)), TRY(split_command(off)), rounds))
                                     : TRY(of_a_jail(std::string(cgroup), std::string(peer), rounds));
  fmt::print("{}", format(result, json ? Form::Json : Form::Row));
  return {};
}

} // namespace

int main(int argc, char **argv) {
  const auto done = run(argc, argv);
  if (done) return 0;
  fmt::print(stderr, "jails_bench_account: {}\n", done.error().text());
  return done.error().kind() == ErrorKind::Usage ? 2 : 1;
}
