#include "supervise/host_run.h"

#include "base/text.h"
#include "journal/event.h"
#include "model/program_path.h"
#include "supervise/handover.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails::supervise {
namespace {

constexpr int kReportFd = 3;       // of the runner
constexpr size_t kTail = 1024;     // of the output, for the error
constexpr uint64_t kKillMs = 5000; // until what was killed is gone; longer waits a process in the kernel only
constexpr mode_t kUmask = 022;

// After the fork: system calls and what was prepared before.
[[noreturn]] void become_program(int output, int failure, char *const *argv, char *const *envp) {
  if (dup3(failure, kReportFd, O_CLOEXEC) != kReportFd) _exit(127); // the report is the runner's alone
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setsid();
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  umask(kUmask);
  if (chdir("/") == 0 && dup2(null, 0) == 0 && dup2(output, 1) == 1 && dup2(output, 2) == 2 &&
      close_range(kReportFd + 1, ~0U, 0) == 0)
    execve(argv[0], argv, envp);
  const int error = errno;
  (void)!write(kReportFd, &error, sizeof error);
  _exit(127);
}

// This process adopts what its children leave (PR_SET_CHILD_SUBREAPER), so in the end all of it is here.
void kill_descendants() {
  const uint64_t end = sys::monotonic_ms() + kKillMs;
  while (sys::monotonic_ms() < end) {
    constexpr size_t kMax = 1U << 20U;
    const auto children = sys::read_file("/proc/thread-self/children", kMax); // CONFIG_PROC_CHILDREN, as Debian has
    for (const auto word : split(children.value_or(""), ' '))
      if (const auto pid = parse_int<pid_t>(word); pid && *pid > 1) (void)kill(*pid, SIGKILL);
    int status = 0;
    const pid_t ended = waitpid(-1, &status, WNOHANG | __WALL);
    if (ended < 0) return;
    if (ended == 0) usleep(1000);
  }
}

// As execve(2) wants them; the texts stay where they are.
std::vector<char *> exec_pointers(const std::vector<std::string> &texts) {
  std::vector<char *> list;
  list.reserve(texts.size() + 1);
  for (const auto &text : texts) list.push_back(const_cast<char *>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

// One command, with its time.
class Command {
public:
  Command(const std::vector<std::string> &words, const HostRun::Order &order) : words_(words), order_(order) {}

  Status run() {
    const uint32_t timeout_ms = order_.timeout_ms;
    TRY(check_program_file(words_[0]));
    const auto argv = exec_pointers(words_), envp = exec_pointers(order_.environment);
    auto output = TRY(sys::make_pipe());
    auto failure = TRY(sys::make_pipe());
    const pid_t pid = fork();
    if (pid < 0) return fail_errno("fork");
    if (pid == 0) become_program(output.write.get(), failure.write.get(), argv.data(), envp.data());
    output.write.reset();
    failure.write.reset();
    int error = 0;
    if (read(failure.read.get(), &error, sizeof error) == sizeof error) {
      waitpid(pid, nullptr, 0);
      return fail_errno(printable(words_[0]), error);
    }
    output_ = std::move(output.read);
    (void)fcntl(output_.get(), F_SETFL, O_NONBLOCK);
    const Fd process = TRY(sys::pidfd_open(pid));
    const bool in_time = wait(process, sys::monotonic_ms() + timeout_ms);
    int status = 0;
    if (in_time) waitpid(pid, &status, 0);
    kill_descendants();
    read_output();
    if (!in_time) return failed(fmt::format("did not end within {:g} s, and was killed", timeout_ms / 1000.0));
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    return status == 0 ? Status{} : failed(journal::describe_status(status), killed ? EINTR : 0);
  }

private:
  // False: it has not ended.
  bool wait(const Fd &process, uint64_t end) {
    while (true) {
      const uint64_t now = sys::monotonic_ms();
      if (now >= end) return false;
      pollfd events[] = {{.fd = process.get(), .events = POLLIN, .revents = 0},
                         {.fd = order_.outlives ? -1 : kReportFd, .events = 0, .revents = 0},
                         {.fd = output_.get(), .events = POLLIN, .revents = 0}};
      if (poll(events, 3, static_cast<int>(end - now)) < 0) continue;
      if (events[2].revents != 0 && !read_output()) output_.reset(); // closed by all that had it
      if (events[1].revents != 0) return false;                      // a hangup: nobody waits any more
      if (events[0].revents != 0) return true;
    }
  }

  // Keeps the end. False: there will be no more.
  bool read_output() {
    std::array<char, kTail> buffer{};
    const ssize_t n = output_ ? read(output_.get(), buffer.data(), buffer.size()) : 0;
    if (n <= 0) return n < 0 && errno == EAGAIN;
    tail_.append(buffer.data(), static_cast<size_t>(n));
    if (tail_.size() > kTail) tail_.erase(0, tail_.size() - kTail);
    return true;
  }

  Status failed(const std::string &what, int error = 0) const {
    const auto said = last_words(tail_);
    return fail(ErrorKind::System, printable(words_[0]) + ": " + what + (said.empty() ? "" : ": " + said), error);
  }

  const std::vector<std::string> &words_;
  const HostRun::Order &order_;
  Fd output_;
  std::string tail_;
};

[[noreturn]] void be_runner(const HostRun::Order &order) {
  prctl(PR_SET_NAME, "jail-host", 0, 0, 0);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  setsid();
  signal(SIGCHLD, SIG_DFL);
  Status status;
  for (const auto &words : order.commands) {
    status = Command(words, order).run();
    if (!status) break;
  }
  report_result(kReportFd, status);
  _exit(0);
}

} // namespace

Status check_program_file(const std::string &program) {
  struct stat st{};
  if (stat(program.c_str(), &st) != 0) return fail_errno(printable(program));
  if (!S_ISREG(st.st_mode)) return fail(ErrorKind::Denied, printable(program) + ": not a regular file");
  if (st.st_uid != 0)
    return fail(ErrorKind::Denied, fmt::format("{}: belongs to uid {}, expected root", printable(program), st.st_uid));
  if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail(ErrorKind::Denied, fmt::format("{}: mode {:04o} lets others write it, expected 0755",
                                               printable(program), st.st_mode & 07777U));
  if ((st.st_mode & S_IXUSR) == 0)
    return fail(ErrorKind::Denied,
                fmt::format("{}: mode {:04o} is no program's, expected 0755", printable(program), st.st_mode & 07777U));
  return {};
}

std::vector<std::string> jail_environment(std::string_view instance, std::string_view name, uint32_t jid,
                                          std::string_view root) {
  std::vector<std::string> environment{fmt::format("JAIL_NAME={}", name), fmt::format("JAIL_ID={}", jid),
                                       fmt::format("JAIL_ROOT={}", root)};
  if (!instance.empty()) environment.push_back(fmt::format("JAIL_INSTANCE={}", instance));
  return environment;
}

Result<HostRun> HostRun::start(const Order &order) {
  auto pair = TRY(sys::seqpacket_pair());
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("fork");
  if (pid == 0) {
    if (dup2(pair.second.get(), kReportFd) == kReportFd) {
      (void)fcntl(kReportFd, F_SETFD, FD_CLOEXEC);
      (void)close_range(kReportFd + 1, ~0U, 0);
      Order whole = order;
      whole.environment.push_back(fmt::format("PATH={}", kProgramPath));
      whole.environment.emplace_back("HOME=/root");
      be_runner(whole);
    }
    _exit(1);
  }
  return HostRun(pid, std::move(pair.first));
}

Status HostRun::result() { return await_result(report_.get(), "the process that runs programs of the host"); }

void HostRun::end() {
  report_.reset();
  (void)TEMP_FAILURE_RETRY(waitpid(runner_, nullptr, __WALL));
}

} // namespace jails::supervise
