// What system calls cost in a jail, beside a process of the host and one in runc with a filter of the same kind: the
// same static program, run in each of them by turns. `--measure` is that program's part in there.
#include "base/fd.h"
#include "base/options.h"
#include "base/text.h"
#include "measure.h"
#include "pipes.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace jails;
using namespace jails::bench;

constexpr std::string_view kUsage =
    "jails_bench_syscalls [--json] [-n rounds] --jail COMMAND --host COMMAND --runc COMMAND\n"
    "       jails_bench_syscalls --measure FILE PORT ADDRESS:PORT    (ends the commands above)";
constexpr int kBatches = 7; // the fastest counts: what else the machine does only ever adds
constexpr double kHostBudget = 1.10;
constexpr double kRuncBudget = 1.00;

enum Act : size_t { Getpid, OpenClose, PipeTurn, ForkExec, Bind, Connect, kActs };
constexpr std::array<std::string_view, kActs> kFigures = {"getpid()",
                                                          "open(), close()",
                                                          "turn over pipes and back",
                                                          "fork(), exec(), wait()",
                                                          "socket(), bind(), close()",
                                                          "UDP connect()"};
constexpr std::array<int, kActs> kTimes = {20000, 2000, 1000, 40, 1000, 2000};
using Means = std::array<double, kActs>; // seconds of one

// --- In there ------------------------------------------------------------------------------------------------------

struct Target {
  const char *self;
  const char *file;
  sockaddr_in own, other;
};

Result<sockaddr_in> parse_address(std::string_view text) {
  const auto colon = text.find(':');
  const auto port = colon == text.npos ? std::nullopt : parse_int<uint16_t>(text.substr(colon + 1));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  if (!port || inet_pton(AF_INET, std::string(text.substr(0, colon)).c_str(), &at.sin_addr) != 1)
    return fail(ErrorKind::Usage, fmt::format("'{}': expected an address and a port", text));
  at.sin_port = htons(*port);
  return at;
}

template <class F> Result<double> fastest(int times, F act) {
  double best = 0;
  for (int batch = 0; batch < kBatches; batch++) {
    const double start = now_seconds();
    for (int i = 0; i < times; i++) TRY(act());
    const double took = (now_seconds() - start) / times;
    best = batch == 0 ? took : std::min(best, took);
  }
  return best;
}

Status open_and_close(const char *file) {
  const int fd = open(file, O_RDONLY | O_CLOEXEC);
  return fd >= 0 && close(fd) == 0 ? Status{} : fail_errno(file);
}

Status fork_and_exec(const char *self) {
  const pid_t child = fork();
  if (child == 0) {
    execl(self, self, "--nothing", nullptr);
    _exit(127);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return fail_errno("fork");
  return status == 0 ? Status{} : fail(ErrorKind::System, fmt::format("{} cannot be executed", self));
}

Status bind_once(const sockaddr_in &own) {
  const Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return fd && bind(fd.get(), reinterpret_cast<const sockaddr *>(&own), sizeof own) == 0 ? Status{}
                                                                                         : fail_errno("bind");
}

Result<Means> measure_here(const Target &target) {
  TRY(pin_to_cpu(0));
  Means means{};
  means[Getpid] =
      TRY(fastest(kTimes[Getpid], [] { return syscall(SYS_getpid) > 0 ? Status{} : fail_errno("getpid"); }));
  means[OpenClose] = TRY(fastest(kTimes[OpenClose], [&] { return open_and_close(target.file); }));
  {
    const auto pipes = TRY(Pipes::start());
    means[PipeTurn] = TRY(fastest(kTimes[PipeTurn], [&] { return pipes.turn(); }));
  }
  means[ForkExec] = TRY(fastest(kTimes[ForkExec], [&] { return fork_and_exec(target.self); }));
  means[Bind] = TRY(fastest(kTimes[Bind], [&] { return bind_once(target.own); }));
  const Fd udp(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  means[Connect] = TRY(fastest(kTimes[Connect], [&]() -> Status {
    const auto *to = reinterpret_cast<const sockaddr *>(&target.other);
    return connect(udp.get(), to, sizeof target.other) == 0 ? Status{} : fail_errno("connect");
  }));
  return means;
}

Status measure_and_tell(char **words) {
  Target target{words[0], words[2], {}, TRY(parse_address(words[4]))};
  target.own = TRY(parse_address("127.0.0.1:" + std::string(words[3])));
  const Means means = TRY(measure_here(target));
  return write(STDOUT_FILENO, &means, sizeof means) == sizeof means ? Status{} : fail_errno("write");
}

// --- Out here ------------------------------------------------------------------------------------------------------

Result<Means> measure_in(const std::vector<std::string> &command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe");
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const pid_t child = fork();
  if (child < 0) return fail_errno("fork");
  if (child == 0) {
    std::vector<char *> words;
    for (const auto &word : command) words.push_back(const_cast<char *>(word.c_str()));
    words.push_back(nullptr);
    dup2(write_end.get(), STDOUT_FILENO);
    execvp(words[0], words.data());
    _exit(127);
  }
  write_end.reset();
  Means means{};
  const bool whole = read(read_end.get(), &means, sizeof means) == sizeof means;
  int status = 0;
  waitpid(child, &status, 0);
  if (!whole || status != 0) return fail(ErrorKind::System, fmt::format("{}: the program in there failed", command[0]));
  return means;
}

Status run(int argc, char **argv) {
  std::string_view jail, host, runc;
  size_t rounds = 10;
  bool json = false;
  std::vector<Option> options;
  options.push_back({0, "jail", "COMMAND", "runs this program in a jail (words as in sh)", set_text(jail), true});
  options.push_back({0, "host", "COMMAND", "runs it on the host", set_text(host), true});
  options.push_back({0, "runc", "COMMAND", "runs it in runc", set_text(runc), true});
  options.push_back({'n', "rounds", "N", "runs in each (default 10)", set_count(rounds), true});
  options.push_back({'j', "json", nullptr, "a JSON object a line, times in seconds", set_flag(json), true});
  const auto words = TRY(parse_options(kUsage, options, argc, argv));
  if (jail.empty() || host.empty() || runc.empty() || !words.empty())
    return fail(ErrorKind::Usage, fmt::format("usage: {}", kUsage));
  std::array<std::array<std::vector<double>, kActs>, 3> times;
  for (size_t round = 0; round < rounds; round++)
    for (size_t place = 0; place < 3; place++) {
      const Means means = TRY(measure_in(TRY(split_command(std::array{jail, host, runc}[place]))));
      for (size_t act = 0; act < kActs; act++) times[place][act].push_back(means[act]);
    }
  for (size_t act = 0; act < kActs; act++) {
    const std::string figure(kFigures[act]);
    const Summary ours = summarise(times[0][act]);
    const Form form = json ? Form::Json : Form::Row;
    fmt::print("{}", format({figure, "host process", ours, summarise(times[1][act]), kHostBudget}, form));
    fmt::print("{}", format({figure, "runc, with a filter", ours, summarise(times[2][act]), kRuncBudget}, form));
  }
  return {};
}

} // namespace

int main(int argc, char **argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "--nothing") return 0;
  const auto done = first == "--measure" && argc == 5 ? measure_and_tell(argv) : run(argc, argv);
  if (done) return 0;
  fmt::print(stderr, "jails_bench_syscalls: {}\n", done.error().text());
  return done.error().kind() == ErrorKind::Usage ? 2 : 1;
}
