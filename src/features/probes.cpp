#include "features/probes.h"

#include "base/scope.h"
#include "base/text.h"
#include "launch/domain.h"
#include "launch/notify.h"
#include "sys/call.h"
#include "sys/file.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <functional>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails::probes {
namespace {

// Runs f in a child; its return value is the child's exit status. -1: it was killed or could not be made.
int in_child(const std::function<int()> &f) {
  const pid_t pid = fork();
  if (pid < 0) return -1;
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    _exit(f());
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

constexpr int kHeld = 0, kNotHeld = 1, kOther = 2; // exit statuses; above kOther an errno may be added

bool enter_domain(const launch::Domain &domain) {
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         syscall(SYS_landlock_restrict_self, domain.ruleset.get(), domain.flags) == 0;
}

// Tries `act` in a fresh Landlock domain: true means it was refused. The control, the same act without a domain, must
// work.
Found refused_by_landlock(const std::function<bool()> &act, const char *what) {
  const Fd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail_errno("/");
  const launch::Domain domain = TRY(launch::make_domain(root.get()));
  if (in_child([&] { return act() ? kHeld : kNotHeld; }) != kHeld)
    return fail(ErrorKind::Unsupported,
                fmt::format("{} does not work even without a domain, so nothing was shown", what));
  const int status = in_child([&] { return !enter_domain(domain) ? kOther : act() ? kNotHeld : kHeld; });
  if (status == kHeld) return std::string();
  return fail(ErrorKind::Unsupported,
              status == kOther ? "landlock_restrict_self failed" : fmt::format("{} was not refused", what));
}

sockaddr_un abstract_address(socklen_t &size) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  const std::string name = fmt::format("jail-features-{}", getpid());
  memcpy(at.sun_path + 1, name.data(), name.size());
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return at;
}

} // namespace

Found cgroup_kill(const cgroup::Hierarchies &where) {
  const std::string path = fmt::format("{}/jail-features-{}", where.v2, getpid());
  if (mkdir(path.c_str(), 0755) != 0) return fail_errno(path);
  const ScopeExit remove([&] {
    for (int tries = 0; rmdir(path.c_str()) != 0 && errno == EBUSY && tries < 1000; tries++) usleep(1000);
  });
  const Fd dir(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  clone_args args{};
  args.flags = CLONE_INTO_CGROUP;
  args.exit_signal = SIGCHLD;
  args.cgroup = static_cast<uint64_t>(dir.get());
  const auto pid = static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof args));
  if (pid < 0) return fail_errno("clone3 with CLONE_INTO_CGROUP");
  if (pid == 0) {
    pause();
    _exit(0);
  }
  const auto killed = sys::write_file(path + "/cgroup.kill", "1");
  if (!killed) kill(pid, SIGKILL);
  int status = 0;
  waitpid(pid, &status, 0);
  if (!killed) return std::unexpected(killed.error());
  return where.v2;
}

Found controller(const cgroup::Hierarchies &where, const char *name) {
  if (const auto v1 = where.v1.find(name); v1 != where.v1.end()) return "v1, " + v1->second;
  const std::string there = TRY(sys::read_file(where.v2 + "/cgroup.controllers", 4096));
  for (auto word : split(trim(there), ' '))
    if (word == name) return "v2, " + where.v2;
  return fail(ErrorKind::Unsupported, "neither in v1 nor in v2");
}

Found landlock_signals() {
  const pid_t outsider = getpid();
  return refused_by_landlock([outsider] { return kill(outsider, 0) == 0; }, "a signal to a process outside");
}

Found landlock_abstract() {
  socklen_t size = 0;
  const sockaddr_un at = abstract_address(size);
  const auto *address = reinterpret_cast<const sockaddr *>(&at);
  const Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener || bind(listener.get(), address, size) != 0 || listen(listener.get(), 4) != 0)
    return fail_errno("abstract socket");
  return refused_by_landlock(
      [address, size] {
        const Fd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        return client && connect(client.get(), address, size) == 0;
      },
      "a connection to an abstract socket outside");
}

Found landlock_mounts() {
  return refused_by_landlock(
      [] {
        // A namespace of its own, so that the control's mount is seen by nobody.
        static bool alone = false;
        if (!alone)
          alone = unshare(CLONE_NEWNS) == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
        return mount("none", "/proc", "tmpfs", 0, nullptr) == 0;
      },
      "mount");
}

Found proc_hidepid() {
  const Fd proc = TRY(sys::new_mount("proc", {"hidepid=ptraceable"}, 0));
  const std::string outsider = std::to_string(getpid());
  return refused_by_landlock([&] { return faccessat(proc.get(), outsider.c_str(), F_OK, 0) == 0; },
                             "finding a process outside in /proc");
}

Found mount_api() {
  const Fd tree = TRY(sys::new_mount("tmpfs", {"size=4k"}, 0));
  if (mkdirat(tree.get(), "target", 0755) != 0) return fail_errno("mkdir");
  const Fd usr(open("/usr", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const Fd copy = TRY(sys::clone_mount(usr.get(), MOUNT_ATTR_RDONLY));
  const int status = in_child([&] {
    if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return kOther;
    const Fd root(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!sys::attach_mount(copy.get(), root.get())) return kNotHeld;
    return open("/proc/.probe", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) < 0 && errno == EROFS ? kHeld : kNotHeld;
  });
  if (status != kHeld)
    return fail(ErrorKind::Unsupported, "an attached read-only copy of /usr was not as it should be");
  return std::string();
}

Found seccomp_filter() {
  const int status = in_child([] {
    sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog filter{4, code};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) return kOther;
    return syscall(SYS_getppid) == -1 && errno == ENOTTY ? kHeld : kNotHeld;
  });
  if (status != kHeld)
    return fail(ErrorKind::Unsupported, status == kOther ? "seccomp(2) refused the filter" : "the filter did not act");
  return std::string();
}

Found seccomp_notify() {
  const int status = in_child([] {
    sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog filter{4, code};
    const Fd listener(
        static_cast<int>(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                 SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &filter)));
    if (!listener) return errno == EBUSY ? kOther + 1 : kOther;
    const pid_t caller = fork(); // under the same filter
    if (caller == 0) _exit(syscall(SYS_getppid) == -1 && errno == ENOTTY ? kHeld : kNotHeld);
    const auto call = launch::receive_call(listener.get());
    if (call && *call) launch::refuse(listener.get(), (*call)->id, ENOTTY);
    int answered = 0;
    return waitpid(caller, &answered, 0) == caller && WIFEXITED(answered) ? WEXITSTATUS(answered) : kOther;
  });
  if (status == kOther + 1)
    return fail(ErrorKind::Unsupported, "this process is under a filter that has a listener already (a container?)");
  if (status != kHeld)
    return fail(ErrorKind::Unsupported, status == kOther ? "no listener for a filter" : "the answer did not arrive");
  return std::string();
}

Found namespaces() {
  const int status =
      in_child([] { return unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP) == 0 ? 0 : errno; });
  if (status != 0) return fail_errno("unshare", status);
  return std::string();
}

Found overlay() {
  const Fd context(static_cast<int>(syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC)));
  if (!context) return fail_errno("fsopen overlay");
  return std::string();
}

} // namespace jails::probes
