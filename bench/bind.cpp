// What bind(2) of a port that no jail reserved costs a host process, in two states of the machine that two commands
// switch between.
#include "base/fd.h"
#include "base/options.h"
#include "base/text.h"
#include "measure.h"

#include <arpa/inet.h>
#include <cstdio>
#include <fmt/format.h>
#include <sys/socket.h>

namespace {

using namespace jails;
using namespace jails::bench;

constexpr std::string_view kUsage = "jails_bench_bind [--json] [-n rounds] --on COMMAND --off COMMAND";

// An address of the loopback that nothing else uses, so that every port of it is free.
constexpr uint32_t kAddress = 0x7f4d0101; // 127.77.1.1
constexpr uint16_t kFirstPort = 20000;
constexpr size_t kBatch = 400; // sockets held at once: below the usual limit of 1024 descriptors
constexpr size_t kBatchesPerRound = 50;

struct Times {
  std::vector<double> bind, cycle; // seconds of one bind, and of one socket + bind + close; the mean of a batch each
};

Status bind_to(int fd, size_t index) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<uint16_t>(kFirstPort + index));
  at.sin_addr.s_addr = htonl(kAddress);
  if (bind(fd, reinterpret_cast<const sockaddr *>(&at), sizeof at) == 0) return {};
  return fail_errno(fmt::format("bind 127.77.1.1:{}", kFirstPort + index));
}

Status measure_batch(Times &times) {
  std::vector<Fd> sockets;
  for (size_t i = 0; i < kBatch; i++) {
    sockets.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!sockets.back()) return fail_errno("socket");
  }
  double start = now_seconds();
  for (size_t i = 0; i < kBatch; i++) TRY(bind_to(sockets[i].get(), i));
  times.bind.push_back((now_seconds() - start) / kBatch);
  sockets.clear();

  start = now_seconds();
  for (size_t i = 0; i < kBatch; i++) {
    const Fd one(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    TRY(bind_to(one.get(), i));
  }
  times.cycle.push_back((now_seconds() - start) / kBatch);
  return {};
}

Status measure(const std::vector<std::string> &command, Times &times) {
  TRY(run_command(command, Output::Discard));
  Times unused;
  TRY(measure_batch(unused));
  for (size_t i = 0; i < kBatchesPerRound; i++) TRY(measure_batch(times));
  return {};
}

Status run(int argc, char **argv) {
  std::string_view on;
  std::string_view off;
  size_t rounds = 10;
  bool json = false;
  std::vector<Option> options;
  options.push_back({0, "on", "COMMAND", "makes the state that is measured (words as in sh)", set_text(on), true});
  options.push_back({0, "off", "COMMAND", "makes the state it is compared with", set_text(off), true});
  options.push_back({'n', "rounds", "N", "changes to either state (default 10)", set_count(rounds), true});
  options.push_back({'j', "json", nullptr, "a JSON object a line, times in seconds", set_flag(json), true});
  const auto words = TRY(parse_options(kUsage, options, argc, argv));
  if (on.empty() || off.empty() || !words.empty()) return fail(ErrorKind::Usage, fmt::format("usage: {}", kUsage));
  const auto on_command = TRY(split_command(on));
  const auto off_command = TRY(split_command(off));
  Times loaded;
  Times bare;
  for (size_t i = 0; i < rounds; i++) {
    TRY(measure(on_command, loaded));
    TRY(measure(off_command, bare));
  }
  const Form form = json ? Form::Json : Form::Row;
  fmt::print("{}", format({"bind()", "model not loaded", summarise(loaded.bind), summarise(bare.bind), 1.05}, form));
  fmt::print("{}", format({"socket(), bind(), close()", "model not loaded", summarise(loaded.cycle),
                           summarise(bare.cycle), 1.05},
                          form));
  return {};
}

} // namespace

int main(int argc, char **argv) {
  const auto done = run(argc, argv);
  if (done) return 0;
  fmt::print(stderr, "jails_bench_bind: {}\n", done.error().text());
  return done.error().kind() == ErrorKind::Usage ? 2 : 1;
}
