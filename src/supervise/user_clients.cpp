// The socket for users of the host: each may have run what the rules of [exec] allow, and nothing else. What they send
// is not trusted, and who they are is asked of the kernel, at each request.
#include "supervise/supervisor.h"

#include "base/text.h"
#include "journal/store.h"
#include "supervise/exec_access.h"
#include "supervise/timer.h"
#include "sys/call.h"
#include "sys/clock.h"
#include "sys/message.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jails::supervise {
namespace {

constexpr int kWarning = 4, kNotice = 5; // syslog(3) levels
constexpr size_t kMaxTold = 300;         // bytes of a command line in log and journal

// A user's command gets pipes of ours, and he their other ends: so no descriptor of his is ever in this process.
struct Pipes {
  std::vector<Fd> commands, users; // for each Stdio::Descriptor
};

// His, as the pipes that he would make: a program in the jail may open /dev/stdout anew if it has his uid.
Result<Pipes> make_pipes(const ExecRequest &request, const Peer &peer) {
  Pipes pipes;
  for (size_t slot = 0; slot < request.stdio.size(); slot++) {
    if (request.stdio[slot] != anchor::Stdio::Descriptor) continue;
    auto pipe = TRY(sys::make_pipe());
    if (fchown(pipe.read.get(), peer.uid, peer.gid) != 0) return fail_errno("pipe");
    pipes.commands.push_back(std::move(slot == 0 ? pipe.read : pipe.write));
    pipes.users.push_back(std::move(slot == 0 ? pipe.write : pipe.read));
  }
  return pipes;
}

// What root's client has seen to before.
Status check_request(const ExecRequest &request) {
  TRY(check_command(request.command));
  const auto has_nul = [](const std::string &text) { return text.contains('\0'); };
  if (has_nul(request.directory) || (!request.directory.empty() && !request.directory.starts_with('/')))
    return fail(ErrorKind::Usage, "the directory must be an absolute path in the jail");
  for (const auto &entry : request.environment)
    if (has_nul(entry) || entry.starts_with('=') || !entry.contains('='))
      return fail(ErrorKind::Usage, "environment: expected NAME=VALUE");
  return {};
}

std::string command_line(const ExecRequest &request) {
  if (request.command.empty()) return "a shell";
  std::string line;
  for (const auto &word : request.command) {
    line += (line.empty() ? "" : " ") + word;
    if (line.size() > kMaxTold) break;
  }
  const bool cut = line.size() > kMaxTold;
  if (cut) line.resize(kMaxTold);
  return printable(line) + (cut ? "..." : "");
}

} // namespace

Status Supervisor::open_door() {
  if (setup_.spec.exec_rules.empty()) return {};
  warn_of_users();
  // Who is let in, is judged here.
  Fd listener = TRY(sys::listen_seqpacket(setup_.instance.exec_socket(setup_.spec.name), 0666));
  sys::refuse_descriptors(listener.get());
  return serve_door(std::move(listener));
}

Status Supervisor::serve_door(Fd listener) {
  const int fd = listener.get();
  door_ = std::make_unique<Door>(TRY(EventLoop::create()), std::move(listener), TRY(make_timer()));
  TRY(door_->loop.add(fd, EPOLLIN, [this](uint32_t) { on_user_connection(); }));
  TRY(loop_.add(door_->timer.get(), EPOLLIN, [this](uint32_t) { on_door_timer(); }));
  return loop_.add(door_->loop.get(), EPOLLIN, [this](uint32_t) { on_door(); });
}

std::vector<int> Supervisor::close_door() {
  if (!setup_.spec.exec_rules.empty()) unlink(setup_.instance.exec_socket(setup_.spec.name).c_str());
  if (!door_) return {};
  loop_.remove(door_->loop.get());
  loop_.remove(door_->timer.get());
  std::vector<int> users;
  for (const auto &[fd, client] : door_->clients) users.push_back(fd);
  sys::close_untrusted(std::move(door_->listener)); // with those who were not accepted yet
  door_.reset();
  return users;
}

// A jail's users come and go inside it, with packages and scripts; so one that is not there yet keeps it from nothing.
void Supervisor::warn_of_users() {
  const auto root = spawner_->jail_root();
  for (const auto &rule : setup_.spec.exec_rules) {
    if (rule.as.empty() || !root) continue;
    ExecRequest request;
    request.user = rule.as;
    if (const auto found = resolve_program(*root, request); !found)
      warnings_.push_back(fmt::format("exec rule {}: {}", in_quotes(to_string(rule)), found.error().text()));
  }
}

void Supervisor::on_door() {
  (void)door_->loop.run_once(0);
  if (door_->is_spent()) {
    loop_.remove(door_->loop.get());
    door_->resting = true;
  }
  arm_door_timer();
}

void Supervisor::arm_door_timer() {
  const auto next = door_->next_ms();
  const uint64_t now = sys::monotonic_ms();
  if (next)
    arm_timer(door_->timer, *next > now ? *next - now : 1);
  else
    disarm_timer(door_->timer);
}

void Supervisor::on_door_timer() {
  if (!timer_expired(door_->timer)) return;
  const uint64_t now = sys::monotonic_ms();
  if (door_->resting && loop_.add(door_->loop.get(), EPOLLIN, [this](uint32_t) { on_door(); })) door_->resting = false;
  std::vector<int> late;
  for (const auto &[fd, client] : door_->clients)
    if (client.deadline_ms != 0 && client.deadline_ms <= now) late.push_back(fd);
  for (const int fd : late) drop_client(fd);
  arm_door_timer();
}

void Supervisor::on_user_connection() {
  door_->count(sys::monotonic_ms()); // also when there is no descriptor for it
  Fd client(accept4(door_->listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!client) return;
  const int fd = client.get();
  const auto uid = admit(fd);
  if (!uid) {
    reply(fd, {.type = ReplyType::Failed,
               .kind = static_cast<uint32_t>(uid.error().kind()),
               .text = uid.error().text(),
               .status = {}});
    tell_user(kWarning, "exec refused: " + uid.error().text());
    return sys::close_untrusted(std::move(client));
  }
  if (!door_->loop.add(fd, EPOLLIN, [this, fd](uint32_t) { on_user(fd); }))
    return sys::close_untrusted(std::move(client));
  clients_[fd] = std::move(client);
  door_->clients[fd] = {.uid = *uid, .deadline_ms = sys::monotonic_ms() + Door::kAskMs};
  reply(fd, {.type = ReplyType::Welcome, .text = {}, .status = {}});
}

// His uid, if a rule lets him in and there is room for him.
Result<uint32_t> Supervisor::admit(int fd) const {
  const auto peer = TRY(peer_outside(fd));
  const auto files = TRY(read_host_files());
  const auto &name = setup_.spec.name.str();
  if (!is_let_in(setup_.spec.exec_rules, peer, files))
    return fail(ErrorKind::Denied,
                fmt::format("no rule of jail {} lets {} (uid {}) in", name, name_of(peer, files), peer.uid));
  const auto left = [this](std::optional<uint32_t> uid) { return spawner_ ? spawner_->left_by_users(uid) : 0; };
  if (door_->count_of(peer.uid) + left(peer.uid) >= Door::kMaxOfUser ||
      door_->clients.size() + left(std::nullopt) >= Door::kMaxOfAll)
    return fail(ErrorKind::Busy, fmt::format("too many commands of users run in jail {}: at most {} of one, {} of all",
                                             name, Door::kMaxOfUser, Door::kMaxOfAll));
  return peer.uid;
}

void Supervisor::on_user(int fd) {
  door_->count(sys::monotonic_ms());
  const auto bytes = sys::receive_bytes(fd, kMaxUserRequest);
  if (!bytes && bytes.error().sys_errno() == EAGAIN) return;
  if (bytes && bytes->empty()) return drop_client(fd);
  auto request = bytes ? decode_user_request(*bytes) : std::unexpected(bytes.error());
  if (!request) {
    reply(fd, {.type = ReplyType::Failed,
               .kind = static_cast<uint32_t>(request.error().kind()),
               .text = request.error().text(),
               .status = {}});
    return drop_client(fd);
  }
  if (request->type == RequestType::Signal) return handle(fd, *request, {});
  const auto done = exec_for_user(fd, std::move(request->exec));
  if (done) return;
  reply(fd, {.type = ReplyType::Failed,
             .kind = static_cast<uint32_t>(done.error().kind()),
             .text = done.error().text(),
             .status = {}});
  tell_user(kWarning, "exec refused: " + done.error().text());
}

Status Supervisor::exec_for_user(int fd, ExecRequest request) {
  const auto peer = TRY(peer_outside(fd));
  const auto files = TRY(read_host_files());
  const auto as = TRY(user_in_jail(setup_.spec.exec_rules, peer, files, request.user));
  TRY(check_request(request));
  // A send that would wait for an anchor that the jail has stopped would hold up everything else.
  pollfd channel{.fd = spawner_ ? spawner_->anchor().channel() : -1, .events = POLLOUT, .revents = 0};
  if (spawner_ && poll(&channel, 1, 0) != 1)
    return fail(ErrorKind::Busy, fmt::format("jail {} does not answer", setup_.spec.name.str()));
  request.user = as;
  auto pipes = TRY(make_pipes(request, peer));
  TRY(exec(fd, request, std::move(pipes.commands)));
  std::vector<int> users;
  for (const auto &pipe : pipes.users) users.push_back(pipe.get());
  if (!users.empty()) reply(fd, {.type = ReplyType::Streams, .text = {}, .status = {}}, users);
  door_->clients[fd].deadline_ms = 0;
  const std::string other = as == fmt::format("{}:{}", peer.uid, peer.gid) ? "" : " as " + as;
  record_exec(peer, fmt::format("{} (uid {}){}: {}", name_of(peer, files), peer.uid, other, command_line(request)));
  return {};
}

void Supervisor::user_command_ended(int fd) {
  const auto found = door_->clients.find(fd);
  if (found == door_->clients.end()) return;
  found->second.deadline_ms = sys::monotonic_ms() + Door::kAskMs;
  arm_door_timer();
}

void Supervisor::tell_user(int level, std::string_view text) {
  if (const auto held = door_->log_rate.advance(sys::monotonic_ms()))
    note(kNotice, fmt::format("{} more lines about users' commands in {} s", held->lines, held->ms / 1000));
  if (door_->log_rate.take(text.size())) note(level, text);
}

void Supervisor::record_exec(const Peer &peer, const std::string &text) {
  tell_user(kNotice, "exec by " + text);
  const auto more = door_->tell(peer.uid, sys::monotonic_ms());
  if (!more || !setup_.recorded) return;
  auto event = event_of(journal::Kind::Exec, *more == 0 ? text : fmt::format("{}; {} more before", text, *more));
  event.by = journal::requester(peer.pid, peer.uid);
  (void)journal::append(setup_.instance, std::move(event));
}

void Supervisor::save_door(DoorState &state, const std::function<int32_t(int)> &index_of) const {
  state.listener.fd = door_->listener.get();
  for (const auto &[fd, client] : door_->clients)
    state.clients.push_back({.client = index_of(fd), .uid = client.uid, .asked = client.deadline_ms == 0});
}

Status Supervisor::adopt_door(DoorState &state, std::span<const int> clients) {
  TRY(serve_door(Fd(std::exchange(state.listener.fd, -1))));
  const uint64_t deadline = sys::monotonic_ms() + Door::kAskMs;
  for (const auto &one : state.clients) {
    const int fd = clients[static_cast<size_t>(one.client)];
    door_->clients[fd] = {.uid = one.uid, .deadline_ms = one.asked ? 0 : deadline};
    TRY(door_->loop.add(fd, EPOLLIN, [this, fd](uint32_t) { on_user(fd); }));
  }
  arm_door_timer();
  return {};
}

} // namespace jails::supervise
