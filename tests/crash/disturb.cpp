// Runs a command and disturbs it at its N-th system call: one of our processes is killed before it makes the call, or
// the call fails.
//
//   disturb [-ax] [-c CALL[,CALL...]] [-e ERRNO] [-o FILE] [-u NAME] [-w PID]... N COMMAND...
//
// System calls are counted over the command and everything it starts, for as long as that executes one of our programs:
// the supervisor, the anchor, what the anchor forks until it executes something else. So N names a moment in the life
// of all of them together. SIGKILL goes to the process that is about to make the call, which is not made; with -a to
// all of them at once, as when a whole cgroup is killed. The others then go on unwatched.
//
//   -c CALLS  counts only these
//   -e ERRNO  nobody is killed: the call is not made, and gives this error number
//   -w PID    counts this process too: a supervisor or an anchor that was there before
//   -x        counts no further than to the first program of somebody else that is executed: the jail's command
//   -u NAME   the same, to the first program of that name: others, hooks perhaps, come before it
//   -o FILE   gets one line: "killed COMM before CALL (N)", "failed CALL of COMM (N)" or "through after N calls"
//
// N = 0 disturbs nobody, so the line tells how many points there are. Exit status: the command's, 128 + signal.
#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern "C" const char *const sj_syscall_names[];
extern "C" const unsigned sj_syscall_name_count;

namespace {

constexpr unsigned long kOptions =
    PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
constexpr int kLingerMs = 30; // after the command's end: what its supervisor has still to do

struct Plan {
  unsigned long at = 0;
  bool all = false, until_exec = false;
  long error = 0;           // 0: kill
  std::set<uint64_t> calls; // empty: all
  std::string until;        // program; empty: any
  const char *output = nullptr;
  std::vector<pid_t> others;
  char **command = nullptr;
};

// The name of what it executes.
std::string program_of(pid_t pid) {
  std::array<char, PATH_MAX> target{};
  const ssize_t n = readlink(("/proc/" + std::to_string(pid) + "/exe").c_str(), target.data(), target.size());
  std::string_view exe(target.data(), n > 0 ? static_cast<size_t>(n) : 0);
  constexpr std::string_view kDeleted = " (deleted)";
  if (exe.ends_with(kDeleted)) exe.remove_suffix(kDeleted.size());
  exe.remove_prefix(exe.rfind('/') == exe.npos ? 0 : exe.rfind('/') + 1);
  return std::string(exe);
}

bool is_ours(std::string_view exe) {
  return exe == "jailctl" || exe == "jailmgr" || exe == "jail-supervisor" || exe == "memfd:jail-anchor";
}

class Watch {
public:
  explicit Watch(const Plan &plan) : plan_(plan) {}

  int run() {
    main_ = start();
    for (const pid_t pid : plan_.others)
      if (ptrace(PTRACE_SEIZE, pid, nullptr, kOptions) == 0 && ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr) == 0)
        traced_.insert(pid);
    while (step()) {
    }
    report();
    return WIFSIGNALED(main_status_) ? 128 + WTERMSIG(main_status_) : WEXITSTATUS(main_status_);
    // Who is still traced goes on by itself when this process ends.
  }

private:
  // Held back until it is traced, so that its first call as COMMAND is the first that counts.
  pid_t start() {
    int gate[2];
    if (pipe(gate) != 0) exit(2);
    const pid_t pid = fork();
    if (pid == 0) {
      char byte = 0;
      close(gate[1]);
      if (read(gate[0], &byte, 1) != 1) _exit(2);
      close(gate[0]);
      execvp(plan_.command[0], plan_.command);
      _exit(127);
    }
    close(gate[0]);
    if (ptrace(PTRACE_SEIZE, pid, nullptr, kOptions) != 0) {
      perror("disturb: ptrace");
      kill(pid, SIGKILL);
      exit(2);
    }
    // A first stop, so that system calls are reported from the gate on.
    ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
    traced_.insert(pid);
    if (write(gate[1], "x", 1) != 1) exit(2);
    close(gate[1]);
    return pid;
  }

  // False: nothing more to see.
  bool step() {
    int status = 0;
    if (main_done_) {
      if (killed_) return false;
      const itimerval linger{.it_interval = {.tv_sec = 0, .tv_usec = 1000},
                             .it_value = {.tv_sec = 0, .tv_usec = kLingerMs * 1000}};
      setitimer(ITIMER_REAL, &linger, nullptr);
    }
    const pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0) return false; // nobody is left, or nothing happened for a while
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      traced_.erase(pid);
      if (pid == main_) main_done_ = true, main_status_ = status;
      return true;
    }
    stopped(pid, status);
    return true;
  }

  void stopped(pid_t pid, int status) {
    const int signal = WSTOPSIG(status);
    const int event = status >> 16;
    if (signal == (SIGTRAP | 0x80)) return at_call(pid);
    if (event == PTRACE_EVENT_EXEC) {
      if (pid == main_) counting_ = true;
      if (const auto exe = program_of(pid); !is_ours(exe)) {
        if (plan_.until_exec && (plan_.until.empty() || plan_.until == exe)) counting_ = false;
        traced_.erase(pid);
        ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
        return;
      }
    }
    if (event == PTRACE_EVENT_STOP) {
      traced_.insert(pid);
      const bool group = signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
      ptrace(group ? PTRACE_LISTEN : PTRACE_SYSCALL, pid, nullptr, nullptr);
      return;
    }
    ptrace(PTRACE_SYSCALL, pid, nullptr, event != 0 ? 0L : static_cast<long>(signal));
  }

  void at_call(pid_t pid) {
    __ptrace_syscall_info info{};
    ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
    const bool entry = info.op == PTRACE_SYSCALL_INFO_ENTRY;
    if (!entry && pid == failing_) {
      ptrace(PTRACE_POKEUSER, pid, offsetof(user_regs_struct, rax), -plan_.error);
      failing_ = 0;
    }
    if (entry && counting_ && !done_ && (plan_.calls.empty() || plan_.calls.contains(info.entry.nr)) &&
        ++calls_ == plan_.at)
      return strike(pid, info);
    ptrace(PTRACE_SYSCALL, pid, nullptr, nullptr);
  }

  void strike(pid_t pid, const __ptrace_syscall_info &info) {
    done_ = true;
    std::array<char, 64> comm{};
    FILE *const file = fopen(("/proc/" + std::to_string(pid) + "/comm").c_str(), "re");
    if (file != nullptr && fgets(comm.data(), comm.size(), file) != nullptr) comm[strcspn(comm.data(), "\n")] = 0;
    if (file != nullptr) fclose(file);
    const auto nr = info.entry.nr;
    const char *const known = nr < sj_syscall_name_count ? sj_syscall_names[nr] : nullptr;
    const std::string name = known != nullptr ? known : std::to_string(nr);
    const std::string number = " (" + std::to_string(calls_) + ")";
    if (plan_.error != 0) {
      report_ = "failed " + name + " of " + (pid == main_ ? "" : "a child: ") + comm.data() + number;
      ptrace(PTRACE_POKEUSER, pid, offsetof(user_regs_struct, orig_rax), -1L); // no such call: it is not made
      failing_ = pid;
      ptrace(PTRACE_SYSCALL, pid, nullptr, nullptr);
      return;
    }
    report_ = std::string("killed ") + comm.data() + " before " + name + number;
    killed_ = true;
    if (!plan_.all) {
      kill(pid, SIGKILL);
      return;
    }
    for (const pid_t other : traced_) kill(other, SIGKILL);
  }

  void report() const {
    FILE *const out = plan_.output != nullptr ? fopen(plan_.output, "we") : stderr;
    if (out == nullptr) return;
    fprintf(out, "%s\n", done_ ? report_.c_str() : ("through after " + std::to_string(calls_) + " calls").c_str());
    if (out != stderr) fclose(out);
  }

  const Plan &plan_;
  pid_t main_ = 0;
  int main_status_ = 0;
  bool main_done_ = false, counting_ = false, done_ = false, killed_ = false;
  pid_t failing_ = 0;
  unsigned long calls_ = 0;
  std::set<pid_t> traced_;
  std::string report_;
};

[[noreturn]] void usage() {
  fprintf(stderr, "usage: disturb [-ax] [-c CALL[,CALL...]] [-e ERRNO] [-o FILE] [-u NAME] [-w PID]... N COMMAND...\n");
  exit(2);
}

void add_calls(Plan &plan, std::string_view names) {
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    unsigned nr = 0;
    while (nr < sj_syscall_name_count && (sj_syscall_names[nr] == nullptr || name != sj_syscall_names[nr])) nr++;
    if (nr == sj_syscall_name_count) {
      fprintf(stderr, "disturb: no system call %.*s\n", static_cast<int>(name.size()), name.data());
      exit(2);
    }
    plan.calls.insert(nr);
  }
}

} // namespace

int main(int argc, char **argv) {
  Plan plan;
  for (int option; (option = getopt(argc, argv, "+ac:e:o:u:w:x")) != -1;) {
    switch (option) {
    case 'a': plan.all = true; break;
    case 'x': plan.until_exec = true; break;
    case 'c': add_calls(plan, optarg); break;
    case 'e': plan.error = atol(optarg); break;
    case 'o': plan.output = optarg; break;
    case 'u': plan.until_exec = true, plan.until = optarg; break;
    case 'w': plan.others.push_back(static_cast<pid_t>(atol(optarg))); break;
    default: usage();
    }
  }
  if (argc - optind < 2) usage();
  plan.at = strtoul(argv[optind], nullptr, 10);
  plan.command = argv + optind + 1;
  struct sigaction quiet{};
  quiet.sa_handler = [](int) {};
  sigaction(SIGALRM, &quiet, nullptr); // no SA_RESTART: it ends the wait
  return Watch(plan).run();
}
