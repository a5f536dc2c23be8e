#include "jailmgr/ready.h"

#include "jail/control.h"
#include "jail/enter.h"
#include "jail/listeners.h"
#include "sys/call.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

uint64_t now_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}

// As the jail sees it: its mounts are only there, and nothing it planted leads out.
Result<bool> has_file(const supervise::SupervisorStatus &supervisor, const std::string &file) {
  const Fd root(open(fmt::format("/proc/{}/root", supervisor.anchor).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return false; // it ends just now
  return sys::open_at(root.get(), file.substr(1), O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS).has_value();
}

// In a process of its own, because exec uses the caller's standard streams. One that hangs loses its client at the end
// of the time, and with it gets SIGHUP.
Result<bool> succeeds(const Instance &instance, const JailName &name, const std::vector<std::string> &command,
                      uint64_t left_ms) {
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("fork");
  if (pid == 0) {
    signal(SIGALRM, SIG_DFL);
    alarm(static_cast<unsigned>(left_ms / 1000 + 1));
    const int null = open("/dev/null", O_RDWR);
    for (int slot = 0; slot < 3; slot++) dup2(null, slot);
    supervise::ExecRequest request;
    request.command = command;
    const auto outcome = exec_in_jail(instance, name, std::move(request));
    _exit(outcome && outcome->failure.empty() ? outcome->exit_status : 126);
  }
  int status = 0;
  if (TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) < 0) return fail_errno("waitpid");
  return status == 0;
}

class Wait {
public:
  Wait(const Instance &instance, const JailConfig &config)
      : instance_(instance), config_(config), end_(now_ms() + config.ready_timeout_ms) {}

  // Is it so now? An error: it will never be.
  Result<bool> look() {
    const auto supervisor = supervisor_status(instance_, config_.spec.name);
    if (!supervisor) return fail(ErrorKind::System, "the jail ended before it was ready");
    const Readiness &ready = config_.ready;
    switch (ready.kind) {
    case Readiness::Kind::Running: return true;
    case Readiness::Kind::Port: return is_served(ready.port);
    case Readiness::Kind::File: return has_file(*supervisor, ready.file);
    case Readiness::Kind::Command: return succeeds(instance_, config_.spec.name, ready.command, left_ms());
    case Readiness::Kind::Alive: return alive(*supervisor);
    case Readiness::Kind::Healthy: return supervisor->health == to_string(Health::Healthy);
    }
    std::unreachable();
  }

  [[nodiscard]] uint64_t left_ms() const { return end_ - std::min(end_, now_ms()); }

private:
  bool alive(const supervise::SupervisorStatus &supervisor) {
    if (supervisor.workload == 0 || supervisor.workload != pid_) {
      pid_ = supervisor.workload;
      since_ = now_ms();
    }
    return pid_ != 0 && now_ms() - since_ >= config_.ready.alive_ms;
  }

  const Instance &instance_;
  const JailConfig &config_;
  uint64_t end_; // CLOCK_MONOTONIC
  uint32_t pid_ = 0;
  uint64_t since_ = 0;
};

} // namespace

Status wait_ready(const Instance &instance, const JailConfig &config) {
  constexpr uint64_t kFirstMs = 5, kLongestMs = 200; // between looks, doubling
  if (config.ready.kind == Readiness::Kind::Running) return {};
  Wait wait(instance, config);
  for (uint64_t pause = kFirstMs;; pause = std::min(pause * 2, kLongestMs)) {
    if (TRY(wait.look())) return {};
    const uint64_t left = wait.left_ms();
    if (left == 0)
      return fail(ErrorKind::System,
                  fmt::format("not ready after {:g} s: {}", static_cast<double>(config.ready_timeout_ms) / 1000,
                              missing(config.ready)));
    usleep(static_cast<useconds_t>(std::min(pause, left)) * 1000);
  }
}

} // namespace jailmgr
