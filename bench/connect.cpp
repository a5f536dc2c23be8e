// What connect(2) and sendto(2) to a service of the host cost in a jail that may call it, beside a process of the host:
// the same code in a child that enters the jail's cgroup and in one that does not, by turns.
#include "base/fd.h"
#include "base/options.h"
#include "base/text.h"
#include "measure.h"

#include <arpa/inet.h>
#include <array>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace jails;
using namespace jails::bench;

constexpr std::string_view kUsage = "jails_bench_connect [--json] [-n rounds] --cgroup DIRECTORY --to 127.a.b.c:PORT";
constexpr size_t kBatch = 200;

enum Act : size_t { UdpConnect, UdpSend, TcpConnect, kActs };
constexpr std::array<std::string_view, kActs> kFigures = {"UDP connect()", "UDP sendto()", "TCP connect()"};
using Means = std::array<double, kActs>; // seconds of one, the mean of a batch

Result<sockaddr_in> parse_target(std::string_view text) {
  const auto colon = text.find(':');
  const auto port = colon == text.npos ? std::nullopt : parse_int<uint16_t>(text.substr(colon + 1));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  if (!port || inet_pton(AF_INET, std::string(text.substr(0, colon)).c_str(), &at.sin_addr) != 1)
    return fail(ErrorKind::Usage, fmt::format("usage: {}", kUsage));
  at.sin_port = htons(*port);
  return at;
}

template <class F> Result<double> mean_of_batch(F act) {
  const double start = now_seconds();
  for (size_t i = 0; i < kBatch; i++) TRY(act(i));
  return (now_seconds() - start) / kBatch;
}

Result<Means> measure_here(const sockaddr_in &to) {
  const auto *name = reinterpret_cast<const sockaddr *>(&to);
  Means means{};
  std::vector<Fd> udp, tcp;
  for (size_t i = 0; i < kBatch; i++) {
    udp.emplace_back(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    tcp.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!udp.back() || !tcp.back()) return fail_errno("socket");
  }
  const Fd sender(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!sender) return fail_errno("socket");
  means[UdpConnect] = TRY(mean_of_batch([&](size_t i) -> Status {
    if (connect(udp[i].get(), name, sizeof to) == 0) return {};
    return fail_errno("UDP connect");
  }));
  means[UdpSend] = TRY(mean_of_batch([&](size_t) -> Status {
    if (sendto(sender.get(), "x", 1, 0, name, sizeof to) == 1) return {};
    return fail_errno("UDP sendto");
  }));
  means[TcpConnect] = TRY(mean_of_batch([&](size_t i) -> Status {
    if (connect(tcp[i].get(), name, sizeof to) == 0) return {};
    return fail_errno("TCP connect");
  }));
  return means;
}

// In a child, which enters the cgroup unless that is empty.
Result<Means> measure_in(const std::string &cgroup, const sockaddr_in &to) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe");
  Fd read_end(ends[0]), write_end(ends[1]);
  const pid_t child = fork();
  if (child < 0) return fail_errno("fork");
  if (child == 0) {
    const Fd procs(cgroup.empty() ? -1 : open((cgroup + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    if (!cgroup.empty() && (!procs || write(procs.get(), "0", 1) != 1)) _exit(2);
    const auto means = measure_here(to);
    if (!means) fmt::print(stderr, "jails_bench_connect: {}\n", means.error().text());
    _exit(means && write(write_end.get(), &*means, sizeof *means) == sizeof *means ? 0 : 1);
  }
  write_end.reset();
  Means means{};
  const bool whole = read(read_end.get(), &means, sizeof means) == sizeof means;
  int status = 0;
  waitpid(child, &status, 0);
  if (!whole) return fail(ErrorKind::System, "the process that measures failed");
  return means;
}

Status run(int argc, char **argv) {
  std::string_view cgroup, target;
  size_t rounds = 200;
  bool json = false;
  std::vector<Option> options;
  options.push_back({0, "cgroup", "DIRECTORY", "the jail's v2 cgroup", set_text(cgroup), true});
  options.push_back({0, "to", "ADDRESS:PORT", "free on the host, and what the jail may call", set_text(target), true});
  options.push_back({'n', "rounds", "N", "batches in either (default 200)", set_count(rounds), true});
  options.push_back({'j', "json", nullptr, "a JSON object a line, times in seconds", set_flag(json), true});
  const auto words = TRY(parse_options(kUsage, options, argc, argv));
  if (cgroup.empty() || !words.empty()) return fail(ErrorKind::Usage, fmt::format("usage: {}", kUsage));
  const sockaddr_in to = TRY(parse_target(target));

  const Fd udp(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!udp || bind(udp.get(), reinterpret_cast<const sockaddr *>(&to), sizeof to) != 0) return fail_errno("bind");
  std::array<std::vector<double>, kActs> jailed, host;
  for (size_t i = 0; i < rounds; i++) {
    // A listener a batch: its queue takes one, and nobody accepts.
    const Fd tcp(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    setsockopt(tcp.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(tcp.get(), reinterpret_cast<const sockaddr *>(&to), sizeof to) != 0) return fail_errno("bind");
    if (listen(tcp.get(), 2 * kBatch + 1) != 0) return fail_errno("listen");
    const Means inside = TRY(measure_in(std::string(cgroup), to));
    const Means outside = TRY(measure_in("", to));
    for (size_t act = 0; act < kActs; act++) {
      jailed[act].push_back(inside[act]);
      host[act].push_back(outside[act]);
    }
  }
  for (size_t act = 0; act < kActs; act++)
    fmt::print("{}", format({std::string(kFigures[act]), "host process", summarise(jailed[act]), summarise(host[act]),
                             std::nullopt},
                            json ? Form::Json : Form::Row));
  return {};
}

} // namespace

int main(int argc, char **argv) {
  const auto done = run(argc, argv);
  if (done) return 0;
  fmt::print(stderr, "jails_bench_connect: {}\n", done.error().text());
  return done.error().kind() == ErrorKind::Usage ? 2 : 1;
}
