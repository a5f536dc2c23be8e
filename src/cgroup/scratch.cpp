#include "cgroup/scratch.h"

#include "base/fd.h"
#include "base/scope.h"
#include "base/text.h"
#include "cgroup/control.h"
#include "sys/call.h"
#include "sys/file.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails::cgroup {
namespace {

constexpr uint64_t kLongestPeriod = 250000; // microseconds; a longer one would keep the person waiting

uint64_t microseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

struct Felt {
  cpu_set_t cpus{};
  int buffer = 0; // what a socket gets that asks for twice the ceiling
};

// A socket of now, for it belongs to the cgroup that its maker is in.
int buffer_of(uint64_t ceiling) {
  const int asked = static_cast<int>(std::min<uint64_t>(ceiling, INT32_MAX / 2)); // the kernel doubles it: socket(7)
  int got = 0;
  socklen_t size = sizeof got;
  const Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd || setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &asked, sizeof asked) != 0 ||
      getsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &got, &size) != 0)
    return 0;
  return got;
}

// The child: waits until it is a member, spins as long as it is told, says where it may run and what a socket gets.
[[noreturn]] void scratch(int orders, int report, uint64_t ceiling) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  Felt felt;
  uint64_t spin = 0;
  if (read(orders, &spin, sizeof spin) != sizeof spin) _exit(1);
  for (const uint64_t end = microseconds() + spin; microseconds() < end;) {
  }
  if (sched_getaffinity(0, sizeof felt.cpus, &felt.cpus) != 0) _exit(1);
  if (ceiling != 0) felt.buffer = buffer_of(ceiling);
  (void)!write(report, &felt, sizeof felt);
  _exit(0);
}

std::string text_of(const cpu_set_t &set) {
  std::string list;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &set)) list += fmt::format("{}{}", list.empty() ? "" : ",", cpu);
  const auto merged = parse_cpus(list);
  return merged ? *merged : list;
}

std::string cpu_stat_file(const Group &group) {
  const std::string v1 = group.directory("cpu");
  return (v1.empty() ? group.directory("") : v1) + "/cpu.stat";
}

uint64_t throttled(const Group &group) {
  const auto text = sys::read_file(cpu_stat_file(group), 65536);
  return text ? keyed_value(*text, "nr_throttled").value_or(0) : 0;
}

} // namespace

Result<std::vector<std::string>> exercise(const Group &group, const Limits &limits) {
  std::vector<std::string> lines;
  const CpuTime time = cpu_time(limits);
  const bool spins = time.quota != 0 && time.quota < time.period && time.period <= kLongestPeriod;
  if (!spins && limits.cpus.empty() && !limits.sockbuf) return lines;

  const int free_buffer = limits.sockbuf ? buffer_of(*limits.sockbuf) : 0; // outside the jail
  auto orders = TRY(sys::make_pipe());
  auto report = TRY(sys::make_pipe());
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("fork");
  if (pid == 0) {
    orders.write.reset();
    scratch(orders.read.get(), report.write.get(), limits.sockbuf.value_or(0));
  }
  report.write.reset();
  const ScopeExit reap([&] {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  });
  for (const char *controller : {"", "cpu", "cpuset"})
    if (const auto dir = group.directory(controller); !dir.empty())
      TRY(sys::write_file(dir + "/cgroup.procs", std::to_string(pid)));
  const uint64_t before = throttled(group);
  const uint64_t spin = spins ? 2 * time.period + 10000 : 0;
  if (write(orders.write.get(), &spin, sizeof spin) != sizeof spin) return fail_errno("scratch process");
  Felt felt;
  pollfd ready{.fd = report.read.get(), .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, 30000) != 1 || read(report.read.get(), &felt, sizeof felt) != sizeof felt)
    return fail(ErrorKind::System, "scratch process: ended in the jail before it could say what it felt");

  if (!limits.cpus.empty()) {
    if (text_of(felt.cpus) != limits.cpus)
      return fail(ErrorKind::System,
                  fmt::format("limit 'cpus': set, but a process of the jail may run on {}", text_of(felt.cpus)));
    lines.push_back(fmt::format("cpus: a process of the jail may run on {}", text_of(felt.cpus)));
  }
  if (spins) {
    if (throttled(group) == before)
      return fail(ErrorKind::System, "limit 'cpu': set, but a process of the jail that spins is not throttled");
    lines.emplace_back("cpu: a process of the jail that spins is throttled");
  }
  // Where the host's own maximum is below the ceiling (net.core.rmem_max) nobody feels it.
  if (limits.sockbuf && free_buffer > 0 && static_cast<uint64_t>(free_buffer) > *limits.sockbuf) {
    if (felt.buffer <= 0 || static_cast<uint64_t>(felt.buffer) > *limits.sockbuf)
      return fail(ErrorKind::System,
                  fmt::format("limit 'sockbuf': set, but a socket of the jail gets a buffer of {}", felt.buffer));
    lines.push_back(
        fmt::format("sockbuf: a socket of the jail that asks for {} bytes gets {}", free_buffer, felt.buffer));
  }
  return lines;
}

} // namespace jails::cgroup
