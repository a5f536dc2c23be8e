#include "pipes.h"

#include "measure.h"

#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace jails::bench {

Result<Pipes> Pipes::start() {
  int there[2], back[2];
  if (pipe2(there, O_CLOEXEC) != 0 || pipe2(back, O_CLOEXEC) != 0) return fail_errno("pipe");
  const pid_t child = fork();
  if (child < 0) return fail_errno("fork");
  char byte = 'x';
  if (child == 0) {
    close(there[1]);
    while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1) {
    }
    _exit(0);
  }
  const Fd spare(there[0]), spare_too(back[1]);
  return Pipes(Fd(back[0]), Fd(there[1]), child);
}

Pipes::Pipes(Pipes &&other) noexcept
    : read_(std::move(other.read_)), write_(std::move(other.write_)), child_(std::exchange(other.child_, -1)) {}

Pipes::~Pipes() {
  write_.reset();
  if (child_ > 0) waitpid(child_, nullptr, 0);
}

Status Pipes::turn() const {
  char byte = 'x';
  return write(write_.get(), &byte, 1) == 1 && read(read_.get(), &byte, 1) == 1 ? Status{} : fail_errno("pipe");
}

Status pin_to_cpu(int cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  return sched_setaffinity(0, sizeof one, &one) == 0 ? Status{} : fail_errno("sched_setaffinity");
}

namespace {

Status join(const std::string &cgroup) {
  if (cgroup.empty()) return {};
  const Fd procs(open((cgroup + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  return procs && write(procs.get(), "0", 1) == 1 ? Status{} : fail_errno(cgroup);
}

// A count comes, seconds go; 0 seconds: it failed.
Status serve(int socket, const std::string &cgroup) {
  TRY(join(cgroup));
  TRY(pin_to_cpu(0));
  const auto pipes = TRY(Pipes::start());
  int count = 0;
  while (read(socket, &count, sizeof count) == sizeof count) {
    const double start = now_seconds();
    for (int i = 0; i < count; i++) TRY(pipes.turn());
    const double mean = (now_seconds() - start) / count;
    if (write(socket, &mean, sizeof mean) != sizeof mean) return fail_errno("write");
  }
  return {};
}

} // namespace

Result<Turner> Turner::start(const std::string &cgroup) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return fail_errno("socketpair");
  Fd ours(ends[0]), theirs(ends[1]);
  const pid_t child = fork();
  if (child < 0) return fail_errno("fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ours.reset();
    _exit(serve(theirs.get(), cgroup) ? 0 : 1);
  }
  return Turner(std::move(ours), child);
}

Turner::Turner(Turner &&other) noexcept : socket_(std::move(other.socket_)), child_(std::exchange(other.child_, -1)) {}

Turner::~Turner() {
  socket_.reset();
  if (child_ > 0) waitpid(child_, nullptr, 0);
}

Result<double> Turner::turns(int count) const {
  double mean = 0;
  if (write(socket_.get(), &count, sizeof count) != sizeof count ||
      read(socket_.get(), &mean, sizeof mean) != sizeof mean || !(mean > 0))
    return fail(ErrorKind::System, "the process that turns over pipes is gone");
  return mean;
}

} // namespace jails::bench
