#include "svcmgr/manager.h"

#include "base/text.h"
#include "sys/call.h"
#include "sys/clock.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace svcmgr {

using namespace jails;

namespace {

constexpr uint64_t kLongRunMs = 30000; // the delays begin anew after it

std::string describe(int wait_status) {
  if (!WIFSIGNALED(wait_status)) return fmt::format("exited with status {}", WEXITSTATUS(wait_status));
  const char *name = sigabbrev_np(WTERMSIG(wait_status));
  return fmt::format("killed by signal {} (SIG{})", WTERMSIG(wait_status), name == nullptr ? "?" : name);
}

// After fork: what keeps it from its program goes where the service's errors go.
[[noreturn]] void become(const Service &service, int out, int err) {
  setsid();
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(126);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  std::string failed = service.directory;
  if (chdir(service.directory.c_str()) == 0) {
    std::vector<char *> argv;
    for (const auto &word : service.command) argv.push_back(const_cast<char *>(word.c_str()));
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    failed = service.command[0];
  }
  const std::string text = fail_errno(printable(failed)).error().text() + "\n";
  (void)!write(2, text.data(), text.size());
  _exit(127);
}

constexpr std::string_view kStates[] = {"stopped", "running", "waiting", "stopping", "ended"};

} // namespace

void Manager::say(const Unit &unit, std::string_view text) {
  const std::string line = fmt::format("{} [svcmgr] {}\n", unit.service.name, text);
  (void)!write(STDERR_FILENO, line.data(), line.size());
}

void Manager::start(Unit &unit) {
  auto out = sys::make_pipe(O_NONBLOCK);
  auto err = sys::make_pipe(O_NONBLOCK);
  unit.since_ms = sys::monotonic_ms();
  unit.again = false;
  const pid_t pid = out && err ? fork() : -1;
  if (pid == 0) {
    // A service writes as it is used to: only our ends do not wait.
    for (const int fd : {out->write.get(), err->write.get()}) fcntl(fd, F_SETFL, 0);
    become(unit.service, out->write.get(), err->write.get());
  }
  if (pid < 0) {
    say(unit, fmt::format("cannot be started: {}", strerror(errno)));
    return ended(unit, 126 << 8);
  }
  unit.pid = pid;
  unit.state = State::Running;
  outputs_.emplace_back(std::move(out->read), unit.service.name, STDOUT_FILENO);
  outputs_.emplace_back(std::move(err->read), unit.service.name, STDERR_FILENO);
}

void Manager::stop(Unit &unit) {
  if (unit.state == State::Waiting || unit.state == State::Ended) unit.state = State::Stopped;
  if (unit.state != State::Running) return;
  unit.state = State::Stopping;
  unit.due_ms = sys::monotonic_ms() + unit.service.stop_grace_ms;
  if (kill(-unit.pid, SIGTERM) != 0) (void)kill(unit.pid, SIGTERM); // before it has a session of its own
}

void Manager::ended(Unit &unit, int wait_status) {
  const uint64_t now = sys::monotonic_ms();
  const bool asked = unit.state == State::Stopping;
  unit.pid = 0;
  unit.end = describe(wait_status);
  if (asked) { // what it started goes with it
    unit.state = State::Stopped;
    say(unit, "stopped");
    if (unit.again && !stopping_) start(unit);
    return;
  }
  const auto policy = unit.service.restart;
  const bool failed = wait_status != 0;
  if (policy == RestartPolicy::Never || (policy == RestartPolicy::OnFailure && !failed)) {
    unit.state = State::Ended;
    return say(unit, unit.end);
  }
  if (now - unit.since_ms >= kLongRunMs) unit.delay = 0;
  unit.delay = back_off_seconds(unit.delay);
  unit.state = State::Waiting;
  unit.due_ms = now + unit.delay * 1000ULL;
  say(unit, fmt::format("{}, restarting in {} s", unit.end, unit.delay));
}

void Manager::reap() {
  int status = 0;
  for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
    const auto unit = std::ranges::find(units_, pid, &Unit::pid);
    if (unit == units_.end()) continue;
    (void)kill(-pid, SIGKILL); // its group is free for another service after this
    ended(*unit, status);
  }
}

void Manager::stop_all() {
  stopping_ = true;
  for (auto &unit : units_) {
    unit.again = false;
    stop(unit);
  }
}

void Manager::on_signal() {
  signalfd_siginfo info{};
  while (read(signals_.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD)
      reap();
    else
      stop_all();
  }
}

void Manager::on_time(uint64_t now) {
  for (auto &unit : units_) {
    if (unit.due_ms > now) continue;
    if (unit.state == State::Stopping) {
      say(unit, "still running after the grace; killing");
      if (kill(-unit.pid, SIGKILL) != 0) (void)kill(unit.pid, SIGKILL);
      unit.due_ms = UINT64_MAX;
    } else if (unit.state == State::Waiting) {
      unit.restarts++;
      start(unit);
    }
  }
}

bool Manager::over() const {
  return std::ranges::all_of(units_, [this](const Unit &unit) {
    return unit.state == State::Ended || (stopping_ && unit.state == State::Stopped);
  });
}

int Manager::timeout(uint64_t now) const {
  uint64_t due = UINT64_MAX;
  for (const auto &unit : units_)
    if (unit.state == State::Stopping || unit.state == State::Waiting) due = std::min(due, unit.due_ms);
  return due == UINT64_MAX ? -1 : static_cast<int>(due > now ? due - now : 0);
}

Status Manager::run() {
  for (auto &unit : units_) start(unit);
  while (!over()) {
    std::vector<pollfd> fds{{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                            {.fd = listener_.get(), .events = POLLIN, .revents = 0}};
    for (const auto &output : outputs_) fds.push_back({.fd = output.fd(), .events = POLLIN, .revents = 0});
    if (poll(fds.data(), fds.size(), timeout(sys::monotonic_ms())) < 0 && errno != EINTR) return fail_errno("poll");
    // First what was written, so that it stands before how it ended.
    auto output = outputs_.begin();
    for (size_t i = 2; i < fds.size(); i++)
      output = fds[i].revents != 0 && !output->read() ? outputs_.erase(output) : std::next(output);
    if (fds[0].revents != 0) on_signal();
    if (fds[1].revents != 0) on_client();
    on_time(sys::monotonic_ms());
  }
  // What they wrote last; somebody may still write, and is not waited for.
  constexpr int kRounds = 64;
  for (auto &output : outputs_) {
    pollfd more{.fd = output.fd(), .events = POLLIN, .revents = 0};
    for (int i = 0; i < kRounds && poll(&more, 1, 0) == 1 && output.read(); i++) {
    }
  }
  unlink(socket_.c_str());
  return {};
}

std::string Manager::status(bool json) const {
  const uint64_t now = sys::monotonic_ms();
  std::string text = json ? "{\"schema\":\"svcmgr-status-1\",\"services\":["
                          : fmt::format("{:<16} {:<9} {:<8} {:<9} {:<9} {}\n", "NAME", "STATE", "PID", "SECONDS",
                                        "RESTARTS", "LAST END");
  for (const auto &unit : units_) {
    const auto &name = unit.service.name; // of characters that need no escape, as all of this
    const auto state = kStates[static_cast<size_t>(unit.state)];
    const auto seconds = (now - unit.since_ms) / 1000;
    if (json)
      text += fmt::format(
          "{}{{\"name\":\"{}\",\"state\":\"{}\",\"pid\":{},\"seconds\":{},\"restarts\":{},\"last_end\":{}}}",
          &unit == &units_.front() ? "" : ",", name, state, unit.pid == 0 ? "null" : std::to_string(unit.pid), seconds,
          unit.restarts, unit.end.empty() ? "null" : "\"" + unit.end + "\"");
    else
      text += fmt::format("{:<16} {:<9} {:<8} {:<9} {:<9} {}\n", name, state,
                          unit.pid == 0 ? "-" : std::to_string(unit.pid), seconds, unit.restarts,
                          unit.end.empty() ? "-" : unit.end);
  }
  return json ? text + "]}\n" : text;
}

// "+" and a text for standard output, or "-" and an error.
std::string Manager::answer(const std::vector<std::string> &words) {
  const auto &verb = words[0];
  if (verb == "status" && words.size() == 1) return "+" + status(false);
  if (verb == "status-json" && words.size() == 1) return "+" + status(true);
  if ((verb != "start" && verb != "stop" && verb != "restart") || words.size() < 2) return "-there is no such request";
  if (stopping_) return "-all services are being stopped";
  std::vector<Unit *> chosen;
  for (size_t i = 1; i < words.size(); i++) {
    const auto unit = std::ranges::find(units_, words[i], [](const Unit &one) { return one.service.name; });
    if (unit == units_.end()) return "-there is no service " + in_quotes(words[i]);
    chosen.push_back(&*unit);
  }
  for (auto *unit : chosen) {
    const bool runs = unit->state == State::Running || unit->state == State::Stopping;
    if (verb == "stop") unit->again = false;
    if (verb != "start") stop(*unit);
    if (verb == "stop") continue;
    unit->delay = 0;
    if (runs)
      unit->again = unit->state == State::Stopping;
    else
      start(*unit);
  }
  return "+";
}

} // namespace svcmgr
