#include "supervise/spawner.h"

#include "base/text.h"
#include "sys/call.h"
#include "sys/message.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails::supervise {
namespace {

constexpr size_t kMaxEarly = 64;
constexpr size_t kMaxSignals = 64; // that wait for a pid
constexpr int kRoomMs = 100;       // an anchor that answers has read by then
constexpr uint32_t kTtyGroup = 5;  // Debian's group tty, as devpts is mounted

std::string failure_text(const anchor::SpawnFailure &failure, const std::string &program,
                         const std::string &directory) {
  const auto reason = Error::system("", failure.error).text();
  switch (failure.step) {
  case anchor::SpawnStep::Exec: return printable(program) + reason;
  case anchor::SpawnStep::Directory: return "directory " + printable(directory) + reason;
  case anchor::SpawnStep::Identity: return "setting user and groups" + reason;
  case anchor::SpawnStep::Terminal: return "controlling terminal" + reason;
  case anchor::SpawnStep::Setup: return "standard streams" + reason;
  }
  return "starting the command" + reason;
}

std::string encode_spawn(uint32_t id, const Spawner::Program &program) {
  anchor::SpawnRequest request{};
  request.type = anchor::ToAnchor::Spawn;
  request.id = id;
  request.argc = static_cast<uint32_t>(program.argv.size());
  request.envc = static_cast<uint32_t>(program.environment.size());
  request.uid = program.uid;
  request.gid = program.gid;
  request.group_count = static_cast<uint32_t>(std::min<size_t>(program.groups.size(), anchor::kMaxGroups));
  std::copy_n(program.groups.begin(), request.group_count, request.groups);
  std::ranges::copy(program.stdio, request.stdio);
  request.program = program.attached ? 1 : 0;
  std::string bytes(reinterpret_cast<const char *>(&request), sizeof request);
  bytes.append(program.directory).push_back('\0');
  for (const auto &argument : program.argv) bytes.append(argument).push_back('\0');
  for (const auto &entry : program.environment) bytes.append(entry).push_back('\0');
  return bytes;
}

} // namespace

// Through the anchor, because only there the root is complete (binds, overlay).
Result<int> Spawner::jail_root() {
  if (!root_) root_ = Fd(open(fmt::format("/proc/{}/root", anchor_.pid()).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root_) return fail_errno("root of the jail");
  return root_.get();
}

Result<Spawner::Terminal> Spawner::open_terminal(uint32_t rows, uint32_t columns, uint32_t owner) const {
  Terminal terminal;
  terminal.master = Fd(openat(anchor_.pts(), "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
  int unlock = 0;
  if (!terminal.master || ioctl(terminal.master.get(), TIOCSPTLCK, &unlock) != 0) return fail_errno("pty of the jail");
  terminal.slave = Fd(ioctl(terminal.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.slave) return fail_errno("pty of the jail");
  const winsize size{
      .ws_row = static_cast<uint16_t>(rows), .ws_col = static_cast<uint16_t>(columns), .ws_xpixel = 0, .ws_ypixel = 0};
  (void)ioctl(terminal.master.get(), TIOCSWINSZ, &size);
  if (fchown(terminal.slave.get(), owner, kTtyGroup) != 0) return fail_errno("pty of the jail");
  return terminal;
}

Result<Session *> Spawner::spawn(const Program &program, std::span<const int> fds, std::unique_ptr<Session> session) {
  auto pipe = TRY(sys::make_pipe(O_NONBLOCK));
  session->id = next_id_++;
  session->status = std::move(pipe.read);
  session->program = program.argv[0];
  session->directory = program.directory;
  std::vector<int> all{pipe.write.get()};
  all.insert(all.end(), fds.begin(), fds.end());
  const std::string bytes = encode_spawn(session->id, program);
  if (bytes.size() > anchor::kMaxAnchorMessage / 2)
    return fail(ErrorKind::Usage, fmt::format("command and environment are too long: {} bytes, at most {}",
                                              bytes.size(), anchor::kMaxAnchorMessage / 2));
  TRY(send(bytes, all));
  Session *raw = session.get();
  sessions_[raw->id] = std::move(session);
  return raw;
}

// An anchor that was stopped, or is not the one that was started, may never read; nobody else waits for that.
Status Spawner::send(std::string_view bytes, std::span<const int> fds) const {
  if (!lost_.empty()) return fail(ErrorKind::Busy, "the jail's anchor " + lost_);
  auto sent = sys::send_message(anchor_.channel(), bytes, fds, MSG_DONTWAIT);
  if (!sent && sent.error().sys_errno() == EAGAIN) { // a few large requests at once
    pollfd room{.fd = anchor_.channel(), .events = POLLOUT, .revents = 0};
    (void)poll(&room, 1, kRoomMs);
    sent = sys::send_message(anchor_.channel(), bytes, fds, MSG_DONTWAIT);
  }
  if (!sent && sent.error().sys_errno() == EAGAIN) return fail(ErrorKind::Busy, "the jail's anchor does not answer");
  TRY_IN("the anchor", std::move(sent));
  return {};
}

void Spawner::read_anchor(int most) {
  for (int i = 0; i < most && !anchor_ended() && lost_.empty(); i++) {
    const auto bytes = sys::receive_bytes(anchor_.channel(), 256, MSG_DONTWAIT);
    if (!bytes && bytes.error().sys_errno() == EAGAIN) return;
    if (!bytes && bytes.error().kind() == ErrorKind::Denied) lost_ = "sent descriptors";
    if (!bytes && bytes.error().sys_errno() != 0) lost_ = "closed its channel"; // with requests unread
    if (bytes && bytes->empty()) lost_ = "closed its channel";
    anchor::SpawnReply reply{};
    if (!bytes || bytes->size() != sizeof reply) continue;
    memcpy(&reply, bytes->data(), sizeof reply);
    answered(reply);
  }
}

bool Spawner::has_pid(pid_t pid) const {
  return std::ranges::any_of(sessions_, [pid](const auto &entry) { return entry.second->pid == pid; });
}

void Spawner::answered(const anchor::SpawnReply &reply) {
  const auto found = sessions_.find(reply.id);
  if (found == sessions_.end() || found->second->pid != 0) return;
  if (reply.type == anchor::FromAnchor::SpawnFailed) {
    finish(reply.id, {.wait_status = 127 << 8, .failure = "fork in the jail" + Error::system("", reply.value).text()});
    return;
  }
  if (reply.type != anchor::FromAnchor::Spawned || reply.value <= 0) return;
  const auto early = early_.find(reply.value);
  if (early != early_.end()) {
    const int status = early->second;
    early_.erase(early);
    found->second->pid = reply.value;
    ended(reply.value, status);
    return;
  }
  // Only children of this process are accepted, and all of those but the runners of the host's programs, which keep
  // what those leave behind, are the jail's; the pid of anything else is a lie.
  // So is one that a session has already: after its end the number would be anybody's, and signals go to it.
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(reply.value), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      reply.value == anchor_.pid() || host_.owns(reply.value) || has_pid(reply.value))
    return;
  found->second->pid = reply.value;
  for (const int number : found->second->signals) (void)kill(found->second->pid, number);
  found->second->signals.clear();
}

bool Spawner::reap() {
  read_anchor(); // whose the ended ones were
  while (true) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);
    if (pid <= 0) break;
    if (WIFSTOPPED(status)) {
      // Only a child that made this process its tracer (PTRACE_TRACEME) is reported as stopped. Let it go (W05).
      ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
      continue;
    }
    if (pid == anchor_.pid()) {
      anchor_.forget();
      return true;
    }
    if (!host_.ended(pid)) ended(pid, status);
  }
  return false;
}

void Spawner::ended(pid_t pid, int wait_status) {
  const auto found = std::ranges::find_if(sessions_, [pid](const auto &entry) { return entry.second->pid == pid; });
  if (found == sessions_.end()) {
    const bool awaited = std::ranges::any_of(sessions_, [](const auto &entry) { return entry.second->pid == 0; });
    if (awaited && early_.size() < kMaxEarly) early_[pid] = wait_status;
    return; // otherwise an orphan of the jail, or one made with CLONE_PARENT
  }
  if (std::ranges::none_of(sessions_, [](const auto &entry) { return entry.second->pid == 0; })) early_.clear();
  Session &session = *found->second;
  read_status(session);
  finish(session.id, {.wait_status = wait_status, .failure = session.failure});
}

void Spawner::read_status(Session &session) {
  anchor::SpawnFailure failure{};
  if (read(session.status.get(), &failure, sizeof failure) == sizeof failure)
    session.failure = failure_text(failure, session.program, session.directory);
}

void Spawner::finish(uint32_t id, const Ending &ending) {
  const auto found = sessions_.find(id);
  const auto session = std::move(found->second);
  sessions_.erase(found);
  on_end_(*session, ending);
}

bool Spawner::unanswered_since(uint64_t ms) const {
  return std::ranges::any_of(
      sessions_, [ms](const auto &entry) { return entry.second->pid == 0 && entry.second->asked_ms <= ms; });
}

void Spawner::signal(Session &session, int number) {
  if (session.pid != 0)
    (void)kill(session.pid, number);
  else if (session.signals.size() < kMaxSignals)
    session.signals.push_back(number);
}

void Spawner::signal_group(Session &session, int number) {
  // The child is the leader of its session and group; before it got that far the signal goes to it alone.
  if (session.pid == 0 || kill(-session.pid, number) != 0) signal(session, number);
}

Session *Spawner::find_client(int key) {
  for (auto &[id, session] : sessions_)
    if (session->client_key == key) return session.get();
  return nullptr;
}

bool Spawner::is_probe(pid_t sid) const {
  return std::ranges::any_of(sessions_,
                             [sid](const auto &entry) { return entry.second->probe && entry.second->pid == sid; });
}

bool Spawner::has_probes() const {
  return std::ranges::any_of(sessions_, [](const auto &entry) { return entry.second->probe; });
}

size_t Spawner::left_by_users(std::optional<uint32_t> uid) const {
  return static_cast<size_t>(std::ranges::count_if(sessions_, [uid](const auto &entry) {
    const Session &session = *entry.second;
    return session.client_key < 0 && session.host_user && (!uid || session.host_user == uid);
  }));
}

Session *Spawner::find(uint32_t id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void Spawner::save(AnchorState &state, const std::function<int32_t(int)> &index_of) const {
  state.pid = anchor_.pid();
  state.pidfd.fd = anchor_.pidfd();
  state.channel.fd = anchor_.channel();
  state.pts.fd = anchor_.pts();
  state.listener.fd = anchor_.listener();
  state.next_session = next_id_;
  for (const auto &[id, session] : sessions_) {
    auto &saved = state.sessions.emplace_back();
    saved = {.id = id,
             .client = {session->client.get()},
             .asker = session->client_key < 0 ? -1 : index_of(session->client_key),
             .host_user = session->host_user,
             .status = {session->status.get()},
             .pid = session->pid,
             .asked_ms = session->asked_ms,
             .failure = session->failure,
             .program = session->program,
             .directory = session->directory,
             .signals = session->signals};
  }
  for (const auto &[pid, status] : early_) state.early.emplace_back(pid, status);
}

void Spawner::restore(AnchorState &state, std::span<const int> clients) {
  next_id_ = state.next_session;
  for (auto &saved : state.sessions) {
    auto session = std::make_unique<Session>();
    session->id = saved.id;
    session->client = Fd(saved.client.fd);
    session->client_key = saved.asker < 0 ? -1 : clients[static_cast<size_t>(saved.asker)];
    session->host_user = saved.host_user;
    session->status = Fd(saved.status.fd);
    session->pid = saved.pid;
    session->asked_ms = saved.asked_ms;
    session->failure = std::move(saved.failure);
    session->program = std::move(saved.program);
    session->directory = std::move(saved.directory);
    session->signals = std::move(saved.signals);
    sessions_[saved.id] = std::move(session);
  }
  early_.insert(state.early.begin(), state.early.end());
}

void Spawner::abandon(const std::string &why) {
  while (!sessions_.empty()) finish(sessions_.begin()->first, {.wait_status = SIGKILL, .failure = why});
}

} // namespace jails::supervise
