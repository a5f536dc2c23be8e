// Processes that a test puts into cgroups.
#pragma once

#include <functional>
#include <string>
#include <sys/stat.h>
#include <sys/types.h>

namespace jails::test {

// Runs f in a child that is a member of the cgroup ("": of the test's own); what f returns, or -1 if the child died.
int run_in(const std::string &cgroup, const std::function<int()> &f);

// A child that does `f` in the cgroup until it is killed. Killed and reaped by the destructor.
class Member {
public:
  // Returns after the child has entered the cgroup and, for ready = true, after f has called the function it is given.
  Member(const std::string &cgroup, const std::function<void(const std::function<void(int)> &report)> &f);
  Member(const Member &) = delete;
  Member &operator=(const Member &) = delete;
  ~Member();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int report(); // waits for the next number that f reports; -1: it died

private:
  pid_t pid_ = -1;
  int pipe_ = -1;
};

void kill_members(const std::string &cgroup); // cgroup.kill, and waits until it is empty

} // namespace jails::test
