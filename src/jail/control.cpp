#include "jail/control.h"

#include "cgroup/group.h"
#include "supervise/handover.h"
#include "sys/call.h"
#include "sys/file.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails {
namespace {

// Twice forked, so that it is nobody's child but init's; session, directory and streams of its own.
[[noreturn]] void become_supervisor(const std::string &program, int report, int orders, const std::string &title) {
  if (setsid() < 0 || chdir("/") != 0) _exit(126);
  const pid_t pid = fork();
  if (pid != 0) _exit(pid < 0 ? 126 : 0);
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; fd++)
    if (dup2(null, fd) < 0) _exit(126);
  // Both above 4 (see the caller), so neither is overwritten before it is used.
  if (dup2(report, 3) < 0 || dup2(orders, 4) < 0 || close_range(5, ~0U, 0) != 0) _exit(126);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  char *const argv[] = {const_cast<char *>(title.c_str()), nullptr};
  char *const envp[] = {nullptr};
  execve(program.c_str(), argv, envp);
  _exit(127);
}

Result<Fd> high(Fd fd) {
  Fd up(fcntl(fd.get(), F_DUPFD_CLOEXEC, 16));
  if (!up) return fail_errno("duplicate a descriptor");
  return up;
}

std::unexpected<Error> ended(int sys_errno) {
  return fail(ErrorKind::NotFound, "the jail's supervisor ended", sys_errno);
}

// When it does not react within this time after the grace, it is stuck.
constexpr uint32_t kStopSlackMs = 15000;
constexpr int kAnswerMs = 5000;
constexpr uint32_t kKillSlackMs = 1000;
constexpr uint32_t kForeignGraceMs = 60000; // of a jail whose own cannot be read

// Until its supervisor is gone: what that still clears must not be cleared under its feet. False: not in time.
bool wait_for_end(const Instance &instance, const JailName &name, uint64_t ms) {
  for (uint64_t waited = 0; is_running(instance, name); waited++) {
    if (waited == ms) return false;
    usleep(1000);
  }
  return true;
}

} // namespace

static Result<std::string> program_of_prefix(std::string_view name) {
  char path[PATH_MAX];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path);
  if (n <= 0) return fail_errno("/proc/self/exe");
  std::string exe(path, static_cast<size_t>(n));
  for (int i = 0; i < 2; i++) exe.resize(std::min(exe.size(), exe.find_last_of('/')));
  exe += fmt::format("/{}", name);
  if (access(exe.c_str(), X_OK) != 0) return fail_errno(exe);
  return exe;
}

Result<std::string> libexec_program(std::string_view name) {
  return program_of_prefix(fmt::format("libexec/jails/{}", name));
}

Result<std::string> sbin_program(std::string_view name) { return program_of_prefix(fmt::format("sbin/{}", name)); }

Result<Fd> connect_supervisor(const Instance &instance, const JailName &name) {
  auto fd = sys::connect_seqpacket(instance.control_socket(name));
  if (fd) return fd;
  if (const int error = fd.error().sys_errno(); error == ENOENT || error == ECONNREFUSED)
    return fail(ErrorKind::NotFound, fmt::format("jail {} is not running", name.str()));
  return std::unexpected(std::move(fd).error().context("control socket"));
}

Result<Fd> connect_as_user(const Instance &instance, const JailName &name) {
  auto fd = sys::connect_seqpacket(instance.exec_socket(name));
  if (!fd && (fd.error().sys_errno() == ENOENT || fd.error().sys_errno() == ECONNREFUSED))
    return fail(ErrorKind::NotFound, fmt::format("jail {} does not run, or lets no users in", name.str()), ENOENT);
  if (!fd) return fd;
  pollfd ready{.fd = fd->get(), .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, kAnswerMs) != 1)
    return fail(ErrorKind::Busy, fmt::format("the supervisor of jail {} does not answer", name.str()));
  const auto reply = TRY(receive_reply(*fd)).reply;
  if (reply.type != supervise::ReplyType::Welcome)
    return fail(static_cast<ErrorKind>(reply.kind),
                reply.text.empty() ? "unexpected reply of the supervisor" : reply.text);
  return fd;
}

Status send_request(const Fd &connection, const supervise::Request &request, std::span<const int> fds) {
  const std::string bytes = supervise::encode(request);
  if (bytes.size() > supervise::kMaxRequest)
    return fail(ErrorKind::Usage, fmt::format("command and environment are too long: {} bytes, at most {}",
                                              bytes.size(), supervise::kMaxRequest));
  auto sent = sys::send_message(connection.get(), bytes, fds);
  if (!sent && (sent.error().sys_errno() == EPIPE || sent.error().sys_errno() == ECONNRESET)) return ended(ECONNRESET);
  TRY_IN("supervisor", std::move(sent));
  return {};
}

Result<Answer> receive_reply(const Fd &connection) {
  auto message = sys::receive_message(connection.get(), supervise::kMaxReply);
  if (!message && message.error().sys_errno() == ECONNRESET) return ended(ECONNRESET);
  if (message && message->bytes.empty()) return ended(0);
  if (!message) return std::unexpected(std::move(message).error().context("supervisor"));
  return Answer{TRY(supervise::decode_reply(message->bytes)), std::move(message->fds)};
}

Status start_supervisor(const Instance &instance, Jid jid, const Spec &spec) {
  const std::string program = TRY(libexec_program("jail-supervisor"));
  const std::string title = supervise::supervisor_title(spec.name, jid);
  auto report = TRY(sys::seqpacket_pair());
  Fd its_end = TRY(high(std::move(report.second)));
  const Fd orders = TRY(high(TRY(supervise::make_handover(instance, jid, spec))));
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("fork");
  if (pid == 0) become_supervisor(program, its_end.get(), orders.get(), title);
  its_end.reset();
  waitpid(pid, nullptr, 0);
  return supervise::await_result(report.first.get());
}

static Result<supervise::SupervisorStatus> ask_status(const Instance &instance, const JailName &name,
                                                      const supervise::Request &request) {
  const Fd connection = TRY(connect_supervisor(instance, name));
  TRY(send_request(connection, request));
  pollfd ready{.fd = connection.get(), .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, kAnswerMs) != 1)
    return fail(ErrorKind::Busy, fmt::format("the supervisor of jail {} does not answer", name.str()));
  const auto reply = TRY(receive_reply(connection)).reply;
  if (reply.type == supervise::ReplyType::Failed) return fail(static_cast<ErrorKind>(reply.kind), reply.text);
  return reply.status;
}

Status freeze_jail(const Instance &instance, const JailName &name, bool stop) {
  TRY(ask_status(instance, name, {.type = supervise::RequestType::Freeze, .exec = {}, .freeze = stop}));
  const auto where = TRY(cgroup::Hierarchies::discover());
  const auto group = TRY(cgroup::Group::open(where, instance.cgroup_name(), name));
  for (int ms = 0; stop && !TRY(group.frozen()); ms++) {
    if (ms == kAnswerMs)
      return fail(ErrorKind::Busy, fmt::format("jail {} freezes, but not all of it has stopped yet", name.str()));
    usleep(1000);
  }
  return {};
}

Result<supervise::SupervisorStatus> supervisor_status(const Instance &instance, const JailName &name,
                                                      Patience patience) {
  const uint32_t most = patience == Patience::Settle ? kStopSlackMs : 0;
  const supervise::Request request{.type = supervise::RequestType::Status, .exec = {}};
  auto status = ask_status(instance, name, request);
  const auto closed = [&] { return !status && status.error().kind() == ErrorKind::NotFound; };
  for (uint32_t ms = 0; closed() && ms < most && is_running(instance, name); ms++) {
    usleep(1000);
    status = ask_status(instance, name, request);
  }
  if (closed()) return fail(ErrorKind::NotFound, fmt::format("jail {} is not running", name.str()));
  return status;
}

Status stop_foreign(const Instance &instance, const JailName &name, const NameLock &) {
  const Fd connection = TRY(connect_supervisor(instance, name));
  ucred peer{}; // of who listens
  socklen_t size = sizeof peer;
  if (getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return fail_errno("control socket");
  const Fd supervisor = TRY(sys::pidfd_open(peer.pid));
  if (!is_running(instance, name)) return fail(ErrorKind::NotFound, fmt::format("jail {} is not running", name.str()));
  const auto spec = spec_in_force(instance, name); // of another version, perhaps
  TRY(sys::pidfd_signal(supervisor.get(), SIGTERM));
  if (wait_for_end(instance, name, (spec ? spec->stop_grace_ms : kForeignGraceMs) + kStopSlackMs)) return {};
  (void)sys::pidfd_signal(supervisor.get(), SIGKILL);
  wait_for_end(instance, name, kKillSlackMs);
  auto group = TRY(cgroup::Group::open(TRY(cgroup::Hierarchies::discover()), instance.cgroup_name(), name));
  TRY(group.kill());
  TRY(group.wait_empty(static_cast<int>(kStopSlackMs)));
  return group.remove();
}

Status stop_supervisor(const Instance &instance, const JailRow &row, uint32_t grace_ms, const NameLock &lock) {
  const auto name = TRY(JailName::parse(row.name));
  const auto spec = registered_spec(instance, name); // a transient jail has none, and the default grace
  const uint64_t slack = kStopSlackMs + (spec ? spec->hooks.stop_ms() : 0);
  const auto connection = connect_supervisor(instance, name);
  if (!connection) {
    if (connection.error().kind() == ErrorKind::NotFound) wait_for_end(instance, name, slack);
    return std::unexpected(connection.error());
  }
  const Status asked =
      send_request(*connection, {.type = supervise::RequestType::Stop, .exec = {}, .grace_ms = grace_ms});
  if (!asked && asked.error().kind() != ErrorKind::NotFound) return asked;
  uint64_t grace = grace_ms;
  if (grace_ms == supervise::kOwnGrace) grace = spec ? spec->stop_grace_ms : 5000;
  pollfd end{.fd = connection->get(), .events = POLLIN, .revents = 0};
  while (poll(&end, 1, static_cast<int>(std::min<uint64_t>(grace + slack, INT_MAX))) == 1) {
    const auto answer = receive_reply(*connection);
    if (answer) continue; // Stopping
    // A connection that it never accepted is closed with its socket, which is the first thing that goes.
    if (!wait_for_end(instance, name, slack)) break;
    const auto left = find_jail(instance, row.name); // as it was killed on its way, perhaps
    return left && left->jid == row.jid ? recover_jail(instance, *left, lock) : Status{};
  }
  if (row.supervisor > 0) (void)kill(row.supervisor, SIGKILL);
  wait_for_end(instance, name, kKillSlackMs);
  return recover_jail(instance, row, lock, "it did not answer when the jail was to stop");
}

} // namespace jails
