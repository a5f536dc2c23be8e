#include "supervise/host_hook.h"

#include "base/text.h"
#include "journal/event.h"
#include "supervise/handover.h"
#include "supervise/host_command.h"
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
[[noreturn]] void become_hook(int output, int failure, char *const *argv, char *const *envp) {
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

// One command, with its time. A hangup of the report: nobody waits any more, as when the supervisor was killed.
class Command {
public:
  Command(const std::vector<std::string> &words, const std::vector<std::string> &environment)
      : words_(words), environment_(environment) {}

  Status run(uint32_t timeout_ms) {
    TRY(check_program_file(words_[0]));
    const auto argv = exec_pointers(words_), envp = exec_pointers(environment_);
    auto output = TRY(sys::make_pipe());
    auto failure = TRY(sys::make_pipe());
    const pid_t pid = fork();
    if (pid < 0) return fail_errno("fork");
    if (pid == 0) become_hook(output.write.get(), failure.write.get(), argv.data(), envp.data());
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
    return status == 0 ? Status{} : failed(journal::describe_status(status));
  }

private:
  // False: it has not ended.
  bool wait(const Fd &process, uint64_t end) {
    while (true) {
      const uint64_t now = sys::monotonic_ms();
      if (now >= end) return false;
      pollfd events[] = {{.fd = process.get(), .events = POLLIN, .revents = 0},
                         {.fd = kReportFd, .events = 0, .revents = 0},
                         {.fd = output_.get(), .events = POLLIN, .revents = 0}};
      if (poll(events, 3, static_cast<int>(end - now)) < 0) continue;
      if (events[2].revents != 0 && !read_output()) output_.reset(); // closed by all that had it
      if (events[1].revents != 0) return false;
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

  Status failed(const std::string &what) const {
    const auto said = last_words(tail_);
    return fail(ErrorKind::System, printable(words_[0]) + ": " + what + (said.empty() ? "" : ": " + said));
  }

  const std::vector<std::string> &words_, &environment_;
  Fd output_;
  std::string tail_;
};

[[noreturn]] void be_runner(const HookSpec &hooks, HookPoint point, const std::vector<std::string> &environment) {
  prctl(PR_SET_NAME, "jail-hooks", 0, 0, 0);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  setsid();
  signal(SIGCHLD, SIG_DFL);
  Status status;
  for (const auto &words : hooks.at(point)) {
    status = Command(words, environment).run(hooks.timeout_ms);
    if (!status) break;
  }
  if (!status) status = std::unexpected(std::move(status).error().context(fmt::format("hook {}", to_string(point))));
  report_result(kReportFd, status);
  _exit(0);
}

} // namespace

std::vector<std::string> hook_environment(const Instance &instance, const Spec &spec, Jid jid, HookPoint point,
                                          pid_t anchor) {
  auto list = jail_environment(instance.name(), spec.name.str(), jid, spec.root);
  list.emplace_back("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  list.emplace_back("HOME=/root");
  list.push_back(fmt::format("JAIL_HOOK={}", to_string(point)));
  if (anchor != 0) list.push_back(fmt::format("JAIL_PID={}", anchor));
  return list;
}

Result<HostHook> HostHook::start(const HookSpec &hooks, HookPoint point, const std::vector<std::string> &environment) {
  auto pair = TRY(sys::seqpacket_pair());
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("fork");
  if (pid == 0) {
    if (dup2(pair.second.get(), kReportFd) == kReportFd) {
      (void)fcntl(kReportFd, F_SETFD, FD_CLOEXEC);
      (void)close_range(kReportFd + 1, ~0U, 0);
      be_runner(hooks, point, environment);
    }
    _exit(1);
  }
  return HostHook(pid, std::move(pair.first));
}

Status HostHook::result() { return await_result(report_.get(), "the process that runs hooks"); }

void HostHook::end() {
  report_.reset();
  (void)TEMP_FAILURE_RETRY(waitpid(runner_, nullptr, __WALL));
}

Status run_host_hooks(const HookSpec &hooks, HookPoint point, const std::vector<std::string> &environment) {
  if (hooks.at(point).empty()) return {};
  auto hook = TRY(HostHook::start(hooks, point, environment));
  auto status = hook.result();
  hook.end();
  return status;
}

std::string poststop_file(const Instance &instance, const JailName &name) {
  return instance.jail_run_dir(name) + "/poststop";
}

Status run_poststop(const Instance &instance, const Spec &spec, Jid jid) {
  const std::string due = poststop_file(instance, spec.name);
  if (access(due.c_str(), F_OK) != 0) return {};
  auto status =
      run_host_hooks(spec.hooks, HookPoint::Poststop, hook_environment(instance, spec, jid, HookPoint::Poststop, 0));
  unlink(due.c_str());
  return status;
}

} // namespace jails::supervise
