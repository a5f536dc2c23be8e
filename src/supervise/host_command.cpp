#include "supervise/host_command.h"

#include "base/text.h"
#include "supervise/timer.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace jails::supervise {
namespace {

// posix_spawn(3), which shares memory until exec: a fork would copy what the supervisor keeps small.
int spawn_detached(pid_t &pid, const std::vector<std::string> &argv, const std::vector<std::string> &environment) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int fd = 0; fd < 3; fd++) posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_addchdir_np(&actions, "/");
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const mode_t mask = umask(022);
  const int error = posix_spawn(&pid, argv[0].c_str(), &actions, &attributes, exec_pointers(argv).data(),
                                exec_pointers(environment).data());
  umask(mask);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
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
  return {};
}

std::vector<char *> exec_pointers(const std::vector<std::string> &texts) {
  std::vector<char *> list;
  list.reserve(texts.size() + 1);
  for (const auto &text : texts) list.push_back(const_cast<char *>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

HostCommands::~HostCommands() {
  for (const auto &one : running_) loop_.remove(one->timer.get());
}

Status HostCommands::start(Command command) {
  if (running_.size() >= kMost) return fail(ErrorKind::Busy, fmt::format("{} commands of it still run", kMost));
  TRY(check_program_file(command.argv[0]));
  auto one = std::make_unique<Running>();
  one->timer = TRY(make_timer());
  one->on_end = std::move(command.on_end);
  command.environment.emplace_back("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  if (const int error = spawn_detached(one->pid, command.argv, command.environment); error != 0)
    return fail_errno(command.argv[0], error);
  ran_any_ = true;
  arm_timer(one->timer, command.timeout_ms);
  Running *const raw = one.get();
  running_.push_back(std::move(one));
  return loop_.add(raw->timer.get(), EPOLLIN, [raw](uint32_t) {
    if (!timer_expired(raw->timer)) return;
    raw->late = true;
    if (kill(-raw->pid, SIGKILL) != 0) (void)kill(raw->pid, SIGKILL); // its session; all of it, while it is there
  });
}

bool HostCommands::owns(pid_t pid) const {
  return std::ranges::any_of(running_, [pid](const auto &one) { return one->pid == pid; }) ||
         std::ranges::find(children_, pid) != children_.end();
}

bool HostCommands::ended(pid_t pid, int wait_status) {
  if (std::erase(children_, pid) != 0) return true;
  const auto at = std::ranges::find_if(running_, [pid](const auto &one) { return one->pid == pid; });
  if (at == running_.end()) return false;
  const auto one = std::move(*at);
  running_.erase(at);
  loop_.remove(one->timer.get());
  one->on_end(wait_status, one->late);
  return true;
}

void HostCommands::reap() {
  std::vector<pid_t> pids;
  for (const auto &one : running_) pids.push_back(one->pid);
  for (const pid_t pid : pids)
    if (int status = 0; waitpid(pid, &status, WNOHANG) == pid) ended(pid, status);
}

std::vector<std::string> jail_environment(std::string_view instance, std::string_view name, uint32_t jid,
                                          std::string_view root) {
  std::vector<std::string> environment{fmt::format("JAIL_NAME={}", name), fmt::format("JAIL_ID={}", jid),
                                       fmt::format("JAIL_ROOT={}", root)};
  if (!instance.empty()) environment.push_back(fmt::format("JAIL_INSTANCE={}", instance));
  return environment;
}

} // namespace jails::supervise
