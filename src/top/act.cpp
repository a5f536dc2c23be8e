#include "top/act.h"

#include "base/text.h"
#include "sys/call.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails::top {
namespace {

// PREFIX/libexec/jails/jail-top -> PREFIX/sbin/PROGRAM
Result<std::string> program(const std::string &name) {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return fail_errno("/proc/self/exe");
  std::string exe(path.data(), static_cast<size_t>(size));
  for (int i = 0; i < 3; i++) exe.resize(std::min(exe.size(), exe.find_last_of('/')));
  exe += "/sbin/" + name;
  if (access(exe.c_str(), X_OK) != 0) return fail_errno(exe);
  return exe;
}

// output: for all that it says, and then nothing is its standard input; -1: this program's own streams.
Result<pid_t> spawn(const std::vector<std::string> &command, int output) {
  const std::string path = TRY(program(command[0]));
  std::vector<char *> argv;
  for (const auto &word : command) argv.push_back(const_cast<char *>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("fork");
  if (pid > 0) return pid;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH, SIGPIPE}) signal(number, SIG_DFL);
  if (output >= 0) {
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 || setsid() < 0) _exit(126);
  }
  execv(path.c_str(), argv.data());
  _exit(127);
}

std::string last_line(std::string_view text) {
  text = trim(text);
  return printable(text.substr(text.find_last_of('\n') + 1)); // npos + 1 is 0
}

} // namespace

Result<std::vector<std::string>> command_for(Act act, const Line &line) {
  const bool runs = line.state == "up" || line.state == "frozen";
  const auto wrong = [&](std::string_view why) {
    return fail(ErrorKind::Usage, fmt::format("jail {} {}", line.name, why));
  };
  switch (act) {
  case Act::Start:
    if (runs) return wrong("runs");
    if (!line.configured) return wrong("is not jailmgr's: 'jailctl supervise' starts it");
    return std::vector<std::string>{"jailmgr", "start", line.name};
  case Act::Stop:
    if (!runs) return wrong("does not run");
    return std::vector<std::string>{line.configured ? "jailmgr" : "jailctl", "stop", line.name};
  case Act::Freeze:
    if (!runs) return wrong("does not run");
    return std::vector<std::string>{"jailctl", "freeze", line.name};
  case Act::Thaw:
    if (line.state != "frozen") return wrong("is not frozen");
    return std::vector<std::string>{"jailctl", "thaw", line.name};
  }
  return wrong("cannot do that");
}

Result<Running> Running::start(std::vector<std::string> command) {
  auto pipe = TRY(sys::make_pipe());
  if (fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK) != 0) return fail_errno("pipe");
  Running running;
  running.pid_ = TRY(spawn(command, pipe.write.get()));
  running.output_ = std::move(pipe.read);
  running.title_ = fmt::format("{}", fmt::join(command, " "));
  return running;
}

bool Running::take() {
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t got = read(output_.get(), buffer.data(), buffer.size());
    if (got > 0) {
      text_.append(buffer.data(), static_cast<size_t>(got));
      if (text_.size() > 65536) text_.erase(0, text_.size() - 32768);
      continue;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    break;
  }
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  result_ = last_line(text_);
  if (result_.empty()) result_ = fmt::format("{}: {}", title_, status == 0 ? "done" : "failed");
  return true;
}

Result<int> exec_shell(const std::string &name, const volatile sig_atomic_t &ended) {
  const pid_t pid = TRY(spawn({"jailctl", "exec", name}, -1));
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) { // a signal interrupts it
    if (errno != EINTR) return fail_errno("waitpid");
    if (ended != 0) (void)kill(pid, SIGTERM);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace jails::top
