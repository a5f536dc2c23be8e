#include "member.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails::test {

static bool enter(const std::string &cgroup) {
  if (cgroup.empty()) return true;
  const int fd = open((cgroup + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
  const bool entered = fd >= 0 && write(fd, "0", 1) == 1;
  if (fd >= 0) close(fd);
  if (!entered) perror(cgroup.c_str());
  return entered;
}

Member::Member(const std::string &cgroup, const std::function<void(const std::function<void(int)> &)> &f) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!enter(cgroup)) _exit(1);
    f([&](int value) { (void)!write(ends[1], &value, sizeof(value)); });
    _exit(0);
  }
  close(ends[1]);
  pipe_ = ends[0];
}

Member::~Member() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (pipe_ >= 0) close(pipe_);
}

int Member::report() {
  int value = -1;
  ssize_t got = 0;
  do got = read(pipe_, &value, sizeof(value));
  while (got < 0 && errno == EINTR);
  return got == sizeof(value) ? value : -1;
}

int run_in(const std::string &cgroup, const std::function<int()> &f) {
  Member member(cgroup, [&](const auto &report) { report(f()); });
  return member.report();
}

void kill_members(const std::string &cgroup) {
  const int fd = open((cgroup + "/cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  (void)!write(fd, "1", 1);
  close(fd);
  // Zombies do not hold a cgroup, but the dying do for a moment.
  for (int i = 0; i < 200; i++) {
    FILE *events = fopen((cgroup + "/cgroup.events").c_str(), "re");
    int populated = 0;
    if (events == nullptr) return;
    const bool read = fscanf(events, "populated %d", &populated) == 1;
    fclose(events);
    if (read && populated == 0) return;
    usleep(5000);
  }
}

} // namespace jails::test
