#include "supervise/proxy.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace jails::supervise {
namespace {

constexpr unsigned kPidfdThread = O_EXCL; // PIDFD_THREAD, Linux 6.9
constexpr uint32_t kIoprioProcess = 1;    // IOPRIO_WHO_PROCESS

// A mask of 8192 CPUs; a sched_attr twice as long as that of Linux 6.18.
using Bytes = std::array<char, 1024>;

// The number that the pidfd stands for, as long as nobody has reaped it: until then it cannot be another's.
bool still_named(const Fd &pidfd, pid_t number) {
  const Fd info(open(fmt::format("/proc/self/fdinfo/{}", pidfd.get()).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 512> text{};
  const ssize_t got = info ? read(info.get(), text.data(), text.size()) : -1;
  if (got <= 0) return false;
  for (const auto line : split({text.data(), static_cast<size_t>(got)}, '\n'))
    if (line.starts_with("Pid:")) return parse_int<pid_t>(trim(line.substr(4))) == number;
  return false;
}

// The kernel then asks for the caller's effective uid and for no capability: no profile has one that would count here.
// The real and the saved uid stay root's, so no one else can signal this process meanwhile.
class AsCaller {
public:
  explicit AsCaller(uint32_t uid) {
    demand(syscall(SYS_capget, &header_, saved_));
    demand(syscall(SYS_setresuid, -1, uid, -1));
    auto none = std::to_array(saved_);
    for (auto &set : none) set.effective = 0;
    demand(syscall(SYS_capset, &header_, none.data()));
  }
  AsCaller(const AsCaller &) = delete;
  AsCaller &operator=(const AsCaller &) = delete;
  ~AsCaller() {
    demand(syscall(SYS_setresuid, -1, 0, -1));
    demand(syscall(SYS_capset, &header_, saved_));
  }

private:
  // Half changed is worse than gone: without its supervisor the jail ends.
  static void demand(long rc) {
    if (rc != 0) abort();
  }
  __user_cap_header_struct header_{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct saved_[2]{};
};

int error_of(long rc) { return rc == -1 ? errno : 0; }

// Copies what the caller points to: from here on it can write there what it likes.
bool copy_from(pid_t thread, uint64_t address, char *to, size_t size) {
  iovec local{.iov_base = to, .iov_len = size};
  iovec remote{.iov_base = reinterpret_cast<void *>(address), .iov_len = size}; // NOLINT(performance-no-int-to-ptr)
  return process_vm_readv(thread, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

// The call with its arguments read; made by make().
struct Prepared {
  long nr = 0;
  pid_t target = 0;
  long second = 0; // the second argument that is a number
  Bytes bytes{};   // what the last argument points to
};

// An errno when the caller's memory cannot be read, or the arguments are nothing that a kernel takes.
int prepare(const launch::Call &call, Prepared &out) {
  out.nr = call.nr;
  out.target = static_cast<pid_t>(call.args[0]);
  switch (call.nr) {
  case SYS_sched_setaffinity:
    out.second = static_cast<long>(std::min<uint64_t>(static_cast<uint32_t>(call.args[1]), out.bytes.size()));
    return copy_from(call.thread, call.args[2], out.bytes.data(), static_cast<size_t>(out.second)) ? 0 : EFAULT;
  case SYS_sched_setscheduler:
    out.second = static_cast<int>(call.args[1]);
    return copy_from(call.thread, call.args[2], out.bytes.data(), sizeof(int)) ? 0 : EFAULT;
  case SYS_sched_setparam: return copy_from(call.thread, call.args[1], out.bytes.data(), sizeof(int)) ? 0 : EFAULT;
  case SYS_sched_setattr: {
    out.second = static_cast<long>(static_cast<uint32_t>(call.args[2]));
    uint32_t size = 0;
    if (!copy_from(call.thread, call.args[1], reinterpret_cast<char *>(&size), sizeof size)) return EFAULT;
    constexpr uint32_t kFirstSize = 48; // SCHED_ATTR_SIZE_VER0, what 0 stands for
    if (size == 0) size = kFirstSize;
    if (size < kFirstSize || size > out.bytes.size()) return E2BIG;
    if (!copy_from(call.thread, call.args[1], out.bytes.data(), size)) return EFAULT;
    memcpy(out.bytes.data(), &size, sizeof size); // as it was when it decided how much was copied
    return 0;
  }
  case SYS_setpriority:
  case SYS_ioprio_set:
    out.target = static_cast<pid_t>(call.args[1]);
    out.second = static_cast<int>(call.args[2]);
    return 0;
  default: return EPERM;
  }
}

int make(const Prepared &call) {
  switch (call.nr) {
  case SYS_sched_setaffinity:
  case SYS_sched_setscheduler: return error_of(syscall(call.nr, call.target, call.second, call.bytes.data()));
  case SYS_sched_setparam: return error_of(syscall(call.nr, call.target, call.bytes.data()));
  case SYS_sched_setattr: return error_of(syscall(call.nr, call.target, call.bytes.data(), call.second));
  case SYS_setpriority: return error_of(syscall(call.nr, PRIO_PROCESS, call.target, call.second));
  case SYS_ioprio_set: return error_of(syscall(call.nr, kIoprioProcess, call.target, call.second));
  default: return EPERM;
  }
}

bool is_by_number(const launch::Call &call) {
  switch (call.nr) {
  case SYS_sched_setaffinity:
  case SYS_sched_setscheduler:
  case SYS_sched_setparam:
  case SYS_sched_setattr: return true;
  case SYS_setpriority: return static_cast<uint32_t>(call.args[0]) == PRIO_PROCESS;
  case SYS_ioprio_set: return static_cast<uint32_t>(call.args[0]) == kIoprioProcess;
  default: return false;
  }
}

// What the kernel cannot ask, because this process makes the call: its permitted set holds every capability
// (cap_safe_nice() in security/commoncap.c), and its real uid is root's (set_task_ioprio() in block/ioprio.c).
bool may_act(const ThreadFacts &caller, const ThreadFacts &target) {
  return (target.uid == caller.effective_uid || target.effective_uid == caller.effective_uid) &&
         (target.permitted & ~caller.permitted) == 0;
}

} // namespace

// A pidfd of a member of the jail; invalid: it is none, or gone. The path is read between two looks at the pidfd, so it
// is that of the process that the pidfd stands for.
Fd Proxy::open_member(pid_t target, unsigned flags) const {
  if (target <= 0 || target == anchor_ || path_.empty()) return {};
  Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, target, flags)));
  if (!pidfd || v2_path(target) != path_ || !still_named(pidfd, target)) return {};
  return pidfd;
}

std::optional<Answer> Proxy::answer(int listener, const launch::Call &call, const ThreadFacts &caller) const {
  if (profile_ == Profile::High || (call.nr != SYS_pidfd_open && !is_by_number(call))) return std::nullopt;
  // A number, and a set of capabilities, mean something else in namespaces of the caller's own.
  if (!speaks_of_ours(call.thread)) return std::nullopt;
  if (call.nr == SYS_pidfd_open) {
    Fd pidfd = open_member(static_cast<pid_t>(call.args[0]), static_cast<uint32_t>(call.args[1]));
    if (!pidfd) return std::nullopt;
    return Answer{.error = 0, .descriptor = std::move(pidfd)};
  }
  Prepared prepared;
  const int error = prepare(call, prepared);
  const Fd member = open_member(prepared.target, kPidfdThread);
  if (!member) return std::nullopt;
  if (error != 0) return Answer{.error = error, .descriptor = {}};
  const auto target = thread_facts(prepared.target);
  // What was read of the caller is the caller's only if it was there all the time.
  if (!target || !launch::still_waiting(listener, call.id)) return Answer{.error = ESRCH, .descriptor = {}};
  if (!may_act(caller, *target)) return Answer{.error = EPERM, .descriptor = {}};
  int result = 0;
  {
    const AsCaller privileges(caller.effective_uid);
    result = make(prepared);
  }
  // These calls take a number. One that was given up between the look and the call could by now be another's; it cannot
  // have been given up when it still is the pidfd's.
  if (!still_named(member, prepared.target)) result = ESRCH;
  return Answer{.error = result, .descriptor = {}};
}

} // namespace jails::supervise
