// The anchor: the one process that holds the door of a jail open. A Landlock domain can only be inherited, never
// joined, so whatever is to run in the jail is forked from here. Freestanding and tiny: it runs behind every guard of
// the jail, holds no host descriptor but its channel, and has nothing that the jail's root lacks.
#include "abi/syscall_policy.h"
#include "anchor/protocol.h"
#include "anchor/raw.h"
#include "anchor/request.h"

#include <asm/unistd.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/signal.h>

namespace {

using namespace jails::anchor;
using namespace raw;

// Of the launch (launch/filter.h). Before the buffer, so that it is in a page which is touched anyway.
struct {
  alignas(16) uint64_t number;
  alignas(
      16) char buffer[kMaxAnchorMessage]; // large enough for any message; pages that no message reached stay untouched
} kept;
auto &buffer = kept.buffer;
constexpr int kMaxFds = 8;
constexpr int kSigkill = 9, kSigcont = 18;

struct Received {
  long bytes;
  int fds[kMaxFds];
  int count;
};

Received receive() {
  Received got{};
  alignas(8) char control[cmsg_space(sizeof(int) * kMaxFds)];
  IoVec part{buffer, sizeof buffer};
  MsgHdr message{nullptr, 0, &part, 1, control, sizeof control, 0};
  do got.bytes = call(__NR_recvmsg, kAnchorChannel, &message, kMsgCmsgCloexec);
  while (got.bytes == -EINTR);
  if (got.bytes > 0 && message.control_length >= sizeof(CmsgHdr)) {
    const auto *header = reinterpret_cast<const CmsgHdr *>(control);
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): the kernel wrote it
    got.count = static_cast<int>((header->length - sizeof(CmsgHdr)) / sizeof(int));
    const auto *fds = reinterpret_cast<const int *>(control + sizeof(CmsgHdr));
    for (int i = 0; i < got.count && i < kMaxFds; i++) got.fds[i] = fds[i];
  }
  return got;
}

// The supervisor is gone: nothing may run unsupervised. kill(-1) reaches exactly this jail, by the signal scope.
[[noreturn]] void end_jail() {
  call(__NR_kill, -1, kSigkill);
  call(__NR_exit_group, 1);
  __builtin_unreachable();
}

// Both end at the first capability that the kernel does not know.
uint64_t bounding_set() {
  uint64_t set = 0;
  for (unsigned cap = 0; cap < 64; cap++) {
    const long held = call(__NR_prctl, PR_CAPBSET_READ, cap, 0, 0, 0);
    if (held < 0) break;
    if (held == 1) set |= 1ULL << cap;
  }
  return set;
}

uint64_t ambient_set() {
  uint64_t set = 0;
  for (unsigned cap = 0; cap < 64; cap++) {
    const long held = call(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0);
    if (held < 0) break;
    if (held == 1) set |= 1ULL << cap;
  }
  return set;
}

// bind(2) or connect(2), which sends nothing, of a UDP socket.
bool refused_by_address(long number, uint32_t address_be, uint32_t port) {
  const long fd = call(__NR_socket, 2, 2 | kSockCloexec, 0); // AF_INET, SOCK_DGRAM
  if (fd < 0) return false;
  struct {
    uint16_t family;
    uint16_t port_be;
    uint32_t address;
    char pad[8];
  } at{2, __builtin_bswap16(static_cast<uint16_t>(port)), address_be, {}};
  const long rc = call(number, fd, &at, sizeof at);
  call(__NR_close, fd);
  return rc == -EPERM;
}

bool hidden(uint32_t pid) {
  char path[24] = "/proc/";
  append_number(path, pid);
  const long rc = call(__NR_access, path, 0);
  return rc == -ENOENT;
}

bool proc_sys_read_only() {
  const long fd = call(__NR_open, "/proc/sys/kernel/core_pattern", O_WRONLY | O_CLOEXEC, 0);
  if (fd >= 0) call(__NR_close, fd);
  return fd < 0; // EROFS, or ENOENT where /proc has no sys
}

// The calls of the table alone: its texts would double this program, which every jail holds in memory.
struct Probes {
  sj_probe_call of[SJ_PERMS];
};
constexpr Probes kProbes = [] {
  Probes probes{};
  for (unsigned id = 0; id < SJ_PERMS; id++) probes.of[id] = sj_permissions[id].probe;
  return probes;
}();

void check(const CheckRequest &request) {
  kept.number = request.number;
  CheckReply reply{};
  reply.type = FromAnchor::Checked;
  auto held = [&](Guard guard, bool good) {
    if (good) reply.held |= guard;
  };
  held(kGuardSeccomp, call(__NR_prctl, PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER);
  held(kGuardSignal, call(__NR_kill, request.outsider, 0) == -EPERM);
  held(kGuardHidepid, hidden(request.outsider));
  held(kGuardMount, call(__NR_mount, "none", "/", "tmpfs", 0, 0) == -EPERM);
  held(kGuardNoNewPrivs, call(__NR_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
  held(kGuardPorts, request.probe_port == 0 || refused_by_address(__NR_bind, 0, request.probe_port));
  held(kGuardCalls,
       request.call_port == 0 || refused_by_address(__NR_connect, __builtin_bswap32(0xa9fefffe), request.call_port));
  // The filter's own answer where there is one: the kernel's for a missing capability would look the same.
  auto refused = [&](const sj_probe_call &probe, long extra) {
    return call(probe.nr, probe.args[0], probe.args[1], probe.args[2], probe.args[3], extra, request.number) ==
           -static_cast<long>(request.has_listener != 0 && sj_is_told(static_cast<int>(probe.error)) ? kTried
                                                                                                     : probe.error);
  };
  held(kGuardKeyring, refused({__NR_add_key, EPERM, {1, 1, 1, 1}}, 1));
  held(kGuardProcReadOnly, proc_sys_read_only());
  for (unsigned id = 0; id < SJ_PERMS; id++) {
    const auto &probe = kProbes.of[id];
    if (sj_has(request.permissions, id) == 0 && probe.error != 0 && refused(probe, 0)) reply.refused |= SJ_BIT(id);
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  call(__NR_capget, &header, data);
  reply.bounding = bounding_set();
  reply.ambient = ambient_set();
  reply.effective = static_cast<uint64_t>(data[1].effective) << 32U | data[0].effective;
  reply.permitted = static_cast<uint64_t>(data[1].permitted) << 32U | data[0].permitted;
  reply.inheritable = static_cast<uint64_t>(data[1].inheritable) << 32U | data[0].inheritable;
  call(__NR_sendto, kAnchorChannel, &reply, sizeof reply, kMsgNosignal, 0, 0);
}

// --- In the child
// -----------------------------------------------------------------------------------------------------

struct Child {
  const SpawnRequest *request;
  const int *fds; // status pipe, stdio descriptors, terminal, program
  SpawnWords words;
};

[[noreturn]] void give_up(int status_pipe, SpawnStep step, long rc) {
  const SpawnFailure failure{step, static_cast<int32_t>(-rc)};
  call(__NR_write, status_pipe, &failure, sizeof failure);
  call(__NR_exit_group, 127);
  __builtin_unreachable();
}

// dup2 onto 0, 1, 2. Received descriptors are above 3, so none is overwritten before it is used.
long set_stdio(const Child &child) {
  int next = 1;
  for (int slot = 0; slot < 3; slot++) {
    if (child.request->stdio[slot] == Stdio::Terminal) continue;
    long fd = 0;
    if (child.request->stdio[slot] == Stdio::Descriptor) {
      fd = child.fds[next++];
    } else {
      fd = call(__NR_open, "/dev/null", O_RDWR | O_CLOEXEC, 0);
      if (fd < 0) return fd;
    }
    const long rc = call(__NR_dup3, fd, slot, 0);
    if (rc < 0) return rc;
  }
  return next;
}

long set_terminal(const Child &child, int terminal) {
  long rc = call(__NR_ioctl, terminal, kTiocsctty, 0);
  for (int slot = 0; slot < 3 && rc >= 0; slot++)
    if (child.request->stdio[slot] == Stdio::Terminal) rc = call(__NR_dup3, terminal, slot, 0);
  return rc;
}

long set_identity(const SpawnRequest &request) {
  long rc = call(__NR_setgroups, request.group_count, request.groups);
  if (rc >= 0) rc = call(__NR_setresgid, request.gid, request.gid, request.gid);
  if (rc >= 0) rc = call(__NR_setresuid, request.uid, request.uid, request.uid);
  return rc;
}

// execvp(3)'s search, with PATH as the program will see it.
long exec_search(const Child &child) {
  const char *name = child.words.argv[0];
  if (find(name, '/') != nullptr) return call(__NR_execve, name, child.words.argv, child.words.envp);
  const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (char **entry = child.words.envp; *entry != nullptr; entry++)
    if (starts_with(*entry, "PATH=")) path = *entry + 5;
  const unsigned long name_length = length(name);
  long result = -ENOENT;
  while (true) {
    const char *end = find(path, ':');
    const unsigned long size = end != nullptr ? static_cast<unsigned long>(end - path) : length(path);
    char full[4096];
    if (size > 0 && size + name_length + 2 < sizeof full) {
      copy(full, path, size);
      full[size] = '/';
      copy(full + size + 1, name, name_length + 1);
      const long rc = call(__NR_execve, full, child.words.argv, child.words.envp);
      if (rc != -ENOENT && rc != -ENOTDIR && rc != -EACCES) return rc;
      if (rc == -EACCES) result = rc;
    }
    if (end == nullptr) return result;
    path = end + 1;
  }
}

[[noreturn]] void run_child(const Child &child) {
  const int status = child.fds[0];
  call(__NR_setsid);
  long rc = set_stdio(child);
  if (rc < 0) give_up(status, SpawnStep::Setup, rc);
  long next = rc;
  if (wants_terminal(*child.request)) {
    rc = set_terminal(child, child.fds[next++]);
    if (rc < 0) give_up(status, SpawnStep::Terminal, rc);
  }
  rc = set_identity(*child.request);
  if (rc < 0) give_up(status, SpawnStep::Identity, rc);
  // The anchor ends the jail when the supervisor dies. This is for the death of both at once (an OOM killer, kill -9 of
  // a group). Not before the ids: a change of them takes it away (PR_SET_PDEATHSIG(2const)).
  call(__NR_prctl, PR_SET_PDEATHSIG, kSigkill, 0, 0, 0);
  rc = call(__NR_chdir, child.words.directory);
  if (rc < 0) give_up(status, SpawnStep::Directory, rc);
  call(__NR_close, kAnchorChannel);
  const uint64_t none = 0;
  call(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &none, nullptr, sizeof none);
  // The descriptor is close-on-exec: the program finds no trace of it but its own /proc/PID/exe.
  if (child.request->program != 0)
    rc = call(__NR_execveat, child.fds[next], "", child.words.argv, child.words.envp, AT_EMPTY_PATH);
  else
    rc = exec_search(child);
  give_up(status, SpawnStep::Exec, rc);
}

// --- In the anchor
// ----------------------------------------------------------------------------------------------------

long spawn(const Received &got) {
  SpawnWords words{};
  const long read = read_spawn(buffer, static_cast<unsigned long>(got.bytes), sizeof buffer, got.count, words);
  if (read != 0) return read;
  // CLONE_PARENT: the supervisor becomes the parent, as in the process tree of the original.
  // The number lets it pass where the filter refuses it to everybody else (W04).
  const long pid = call(__NR_clone, CLONE_PARENT | 17 /* SIGCHLD */, 0, 0, 0, 0, kept.number);
  if (pid == 0) run_child({reinterpret_cast<const SpawnRequest *>(buffer), got.fds, words});
  return pid;
}

void handle_spawn(const Received &got) {
  if (got.bytes < static_cast<long>(sizeof(SpawnRequest))) return;
  const uint32_t id = reinterpret_cast<const SpawnRequest *>(buffer)->id;
  const long rc = spawn(got);
  SpawnReply reply{rc < 0 ? FromAnchor::SpawnFailed : FromAnchor::Spawned, id, static_cast<int32_t>(rc < 0 ? -rc : rc)};
  call(__NR_sendto, kAnchorChannel, &reply, sizeof reply, kMsgNosignal, 0, 0);
}

} // namespace

extern "C" [[noreturn]] void anchor_main() {
  // Blocked rather than ignored: a child unblocks with one call, and a jailed kill(-1) cannot end its own jail by
  // accident.
  const uint64_t all = ~0ULL;
  call(__NR_rt_sigprocmask, 0 /* SIG_BLOCK */, &all, nullptr, sizeof all);
  call(__NR_prctl, PR_SET_NAME, "jail-anchor", 0, 0, 0);
  // When the supervisor dies the channel closes, which ends the jail (end_jail). The launch's SIGKILL would only end
  // this process and leave the rest; SIGCONT makes sure that an anchor which the jail stopped comes to see it.
  call(__NR_prctl, PR_SET_PDEATHSIG, kSigcont, 0, 0, 0);
  // Out of reach of jail root's ptrace and /proc/PID/mem wherever the profile has no CAP_SYS_PTRACE (SECURITY W03).
  call(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  while (true) {
    const Received got = receive();
    if (got.bytes < static_cast<long>(sizeof(uint32_t))) end_jail();
    const auto type = *reinterpret_cast<const ToAnchor *>(buffer);
    if (type == ToAnchor::Check && got.bytes >= static_cast<long>(sizeof(CheckRequest)))
      check(*reinterpret_cast<const CheckRequest *>(buffer));
    else if (type == ToAnchor::Spawn)
      handle_spawn(got);
    for (int i = 0; i < got.count; i++) call(__NR_close, got.fds[i]);
  }
}

asm(".globl _start\n_start:\n  xor %ebp, %ebp\n  and $-16, %rsp\n  call anchor_main\n");
