#include "launch/launch.h"

#include "abi/capability_policy.h"
#include "abi/syscall_policy.h"
#include "launch/child.h"
#include "launch/domain.h"
#include "launch/filter.h"
#include "launch/notify.h"
#include "launch/root.h"
#include "model/policy.h"
#include "sys/call.h"
#include "sys/message.h"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// The anchor program, as bytes (anchor/CMakeLists.txt).
extern "C" const char jails_anchor_begin[], jails_anchor_end[];

namespace jails::launch {
namespace {

using namespace anchor;

// Above the descriptors that the child arranges for the anchor.
Result<Fd> move_up(Fd fd) {
  Fd high(fcntl(fd.get(), F_DUPFD_CLOEXEC, 16));
  if (!high) return fail_errno("duplicate a descriptor");
  return high;
}

uint64_t capabilities(const Spec &spec) {
  return capabilities_of(spec.profile, effective(spec.profile, spec.permissions), has_low_port(spec.ports));
}

Status failure_of(const StepFailure &failure, const Root &root) {
  std::string what = step_name(failure.step);
  if (failure.step == Step::AttachMount && failure.detail < root.mounts.size())
    what += " at /" + root.mounts[failure.detail].target;
  if (failure.step == Step::LandlockCheck) {
    constexpr const char *kTried[] = {"", "kill of a host process", "mount", "mknod of a device"};
    return fail(ErrorKind::Unsupported, fmt::format("{}: {} was not refused", what, kTried[failure.detail & 3U]));
  }
  return fail_errno(what, failure.error);
}

struct GuardName {
  Guard guard;
  const char *name;
};
constexpr GuardName kGuardNames[] = {{kGuardSeccomp, "seccomp filter"},
                                     {kGuardSignal, "Landlock signal scope"},
                                     {kGuardHidepid, "/proc with hidepid=ptraceable"},
                                     {kGuardMount, "refusal of mount"},
                                     {kGuardNoNewPrivs, "no_new_privs"},
                                     {kGuardPorts, "port ownership (cgroup bind programs)"},
                                     {kGuardCalls, "refusal of calls to the host (cgroup connect programs)"},
                                     {kGuardKeyring, "refusal of keyrings"},
                                     {kGuardProcReadOnly, "read-only /proc/sys"}};

Status judge(const CheckReply &reply, const Spec &spec) {
  const uint64_t mask = capabilities(spec);
  const PermissionSet permissions = effective(spec.profile, spec.permissions);
  for (const auto &guard : kGuardNames) {
    if (guard.guard == kGuardNoNewPrivs && sj_no_new_privs(permissions) == 0) continue;
    if ((reply.held & guard.guard) == 0)
      return fail(ErrorKind::Unsupported, fmt::format("guard does not hold: {}", guard.name));
  }
  for (unsigned id = 0; id < SJ_PERMS; id++)
    if (sj_permissions[id].probe.error != 0 && sj_has(permissions, id) == 0 && sj_has(reply.refused, id) == 0)
      return fail(
          ErrorKind::Unsupported,
          fmt::format("guard does not hold: seccomp filter: permission {} is not there, and its call was not refused",
                      sj_permissions[id].name));
  if (reply.bounding != mask || reply.permitted != mask || reply.effective != mask || reply.inheritable != 0 ||
      reply.ambient != 0)
    return fail(ErrorKind::Unsupported,
                fmt::format("guard does not hold: capabilities are {:#x} (bounding {:#x}), must be {:#x}",
                            reply.permitted, reply.bounding, mask));
  return {};
}

// Lies in the channel before there is an anchor, which so begins with it as soon as it is there: one wait less.
Status ask(int channel, const Request &request, uint64_t number) {
  const PermissionSet permissions = effective(request.spec.profile, request.spec.permissions);
  const CheckRequest question{.type = ToAnchor::Check,
                              .outsider = static_cast<uint32_t>(getpid()),
                              .probe_port = request.probe_port,
                              .call_port = request.call_port,
                              .permissions = permissions,
                              .number = number,
                              .has_listener = sj_has_listener(permissions) != 0 ? 1U : 0U};
  return sys::send_message(channel, {reinterpret_cast<const char *>(&question), sizeof question});
}

// The anchor tries the forbidden acts before anything of the jail runs, so its answer can still be believed.
Status verify(const Anchor &anchor, const Request &request) {
  const PermissionSet permissions = effective(request.spec.profile, request.spec.permissions);
  pollfd ready[] = {{.fd = anchor.channel(), .events = POLLIN, .revents = 0},
                    {.fd = anchor.listener(), .events = POLLIN, .revents = 0}};
  while (ready[0].revents == 0) {
    if (poll(ready, 2, 10000) <= 0) return fail(ErrorKind::System, "the anchor does not answer");
    if ((ready[1].revents & POLLIN) == 0) continue;
    // What it tries waits for an answer too, and is nobody's denial.
    const auto call = receive_call(anchor.listener());
    if (!call) return fail(ErrorKind::Unsupported, "guard does not hold: seccomp filter"); // that is no listener
    if (*call) refuse(anchor.listener(), (*call)->id, refusal(request.spec.profile, permissions, **call));
  }
  const auto answer = TRY(sys::receive_message(anchor.channel(), sizeof(CheckReply)));
  CheckReply reply{};
  if (answer.bytes.size() != sizeof reply) return fail(ErrorKind::System, "the anchor ended during its checks");
  memcpy(&reply, answer.bytes.data(), sizeof reply);
  return judge(reply, request.spec);
}

// The first message from the child, sent before it became the anchor.
Result<Fd> receive_listener(const Anchor &anchor) {
  auto message = TRY(sys::receive_message(anchor.channel(), 1, MSG_DONTWAIT));
  if (message.fds.size() != 1) return fail(ErrorKind::System, "the listener of the seccomp filter did not arrive");
  // Caller and answerer take turns: woken on the same CPU, a whole start takes 0.88 of the time (Linux 6.6).
  constexpr uint64_t kSyncWakeUp = 1; // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
  if (ioctl(message.fds[0].get(), SECCOMP_IOW(4, uint64_t), kSyncWakeUp) != 0)
    return fail(ErrorKind::Unsupported, "guard does not hold: seccomp filter"); // that is no listener
  return std::move(message.fds[0]);
}

pid_t clone_into(int cgroup, int *pidfd) {
  clone_args args{};
  args.flags = CLONE_PIDFD | CLONE_INTO_CGROUP;
  args.pidfd = reinterpret_cast<uint64_t>(pidfd);
  args.exit_signal = SIGCHLD;
  args.cgroup = static_cast<uint64_t>(cgroup);
  return static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof args));
}

} // namespace

Anchor::Anchor(Anchor &&other) noexcept
    : pid_(std::exchange(other.pid_, 0)), pidfd_(std::move(other.pidfd_)), channel_(std::move(other.channel_)),
      pts_(std::move(other.pts_)), listener_(std::move(other.listener_)) {}

Anchor &Anchor::operator=(Anchor &&other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, 0);
    pidfd_ = std::move(other.pidfd_);
    channel_ = std::move(other.channel_);
    pts_ = std::move(other.pts_);
    listener_ = std::move(other.listener_);
  }
  return *this;
}

void Anchor::end() {
  if (pid_ > 0) {
    (void)sys::pidfd_signal(pidfd_.get(), SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  sys::close_untrusted(std::move(channel_));
}

Result<Anchor> launch(const Request &request) {
  const Spec &spec = request.spec;
  Root root = TRY(prepare_root(spec));
  auto pipe = TRY(sys::make_pipe());
  auto channel = TRY(sys::seqpacket_pair());
  Fd status = TRY(move_up(std::move(pipe.write)));
  Fd anchor_end = TRY(move_up(std::move(channel.second)));
  const Fd program = TRY(move_up(TRY(sys::sealed_memfd(
      "jail-anchor", {jails_anchor_begin, static_cast<size_t>(jails_anchor_end - jails_anchor_begin)}))));
  const Domain domain = TRY(make_domain(root.tree.get(), spec.log.landlock));
  const PermissionSet permissions = effective(spec.profile, spec.permissions);
  uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) return fail_errno("getrandom");
  number |= 1; // not 0, which the sixth argument of any call may happen to be
  auto filter = compile_filter(spec.profile, permissions, number);
  std::vector<MountStep> mounts;
  for (const auto &mount : root.mounts) mounts.push_back({mount.mount.get(), mount.target.c_str()});
  const std::string &hostname = spec.hostname.empty() ? spec.name.str() : spec.hostname;
  std::string title = "jail: " + spec.name.str() + " (anchor)";

  ChildPlan plan{};
  plan.parent = getpid();
  plan.status = status.get();
  plan.channel = anchor_end.get();
  plan.program = program.get();
  plan.cgroups = request.v1_procs.data();
  plan.cgroup_count = static_cast<int>(request.v1_procs.size());
  plan.root = root.tree.get();
  plan.mounts = mounts.data();
  plan.mount_count = static_cast<uint32_t>(mounts.size());
  plan.hostname = hostname.c_str();
  plan.landlock = domain.ruleset.get();
  plan.landlock_flags = domain.flags;
  plan.filter = {static_cast<unsigned short>(filter.size()), filter.data()};
  plan.listener = sj_has_listener(permissions) != 0;
  plan.capabilities = capabilities(spec);
  plan.no_new_privs = sj_no_new_privs(permissions) != 0;
  plan.mask_proc = sj_has(permissions, SJ_PERM_PROC_SYSTEM) != 0; // otherwise it is mounted with subset=pid
  plan.core_dumps = sj_has(permissions, SJ_PERM_CORE_DUMPS) != 0;
  plan.file_limit = spec.limits.files.value_or(0);
  plan.title = title.data();

  TRY_IN("asking the anchor", ask(channel.first.get(), request, number));
  int pidfd = -1;
  const pid_t pid = clone_into(request.cgroup, &pidfd);
  if (pid < 0) return fail_errno("clone into the jail's cgroup");
  if (pid == 0) become_anchor(plan);
  Anchor anchor(pid, Fd(pidfd), std::move(channel.first), std::move(root.pts));
  status.reset();
  StepFailure failure{};
  const ssize_t n = read(pipe.read.get(), &failure, sizeof failure);
  if (n < 0) return fail_errno("read from the child");
  if (n == sizeof failure) TRY(failure_of(failure, root));
  if (n != 0) return fail(ErrorKind::System, "the child died during the launch");
  anchor_end.reset();
  if (plan.listener) anchor.set_listener(TRY(receive_listener(anchor)));
  TRY(verify(anchor, request));
  sys::refuse_descriptors(anchor.channel()); // the last that there is to receive has arrived
  return anchor;
}

} // namespace jails::launch
