#include "replay.h"

#include <cerrno>
#include <csignal>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails::test {
namespace {

// What a crash leaves behind is the same before and after these.
bool leaves_no_trace(uint64_t call) {
  switch (call) {
  case SYS_read:
  case SYS_pread64:
  case SYS_lseek:
  case SYS_close: // a killed process closes everything
  case SYS_brk:
  case SYS_mmap:
  case SYS_munmap:
  case SYS_mremap:
  case SYS_fstat:
  case SYS_newfstatat:
  case SYS_uname: return true;
  default: return false;
  }
}

} // namespace

bool run_until_call(unsigned n, const std::function<void()> &f) {
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    raise(SIGSTOP);
    f();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  unsigned entered = 0;
  bool inside = false;
  while (true) {
    ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    if (waitpid(child, &status, 0) < 0 || WIFEXITED(status) || WIFSIGNALED(status)) return true;
    if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80)) continue;
    inside = !inside;
    if (!inside) continue;
    __ptrace_syscall_info info{};
    ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info);
    if (leaves_no_trace(info.entry.nr) || ++entered < n) continue;
    // The last call of a child that got through is not a point of interest.
    const bool done = info.entry.nr == SYS_exit_group;
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return done;
  }
}

} // namespace jails::test
