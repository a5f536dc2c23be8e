// The control socket: requests of jailctl and jailmgr.
#include "supervise/supervisor.h"

#include "journal/store.h"
#include "sys/call.h"
#include "sys/clock.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <utility>

namespace jails::supervise {
namespace {

constexpr size_t kMaxClients = 1024;

// Into a jail goes nothing but anonymous pipes: whoever holds another kind could chmod, truncate or talk through it.
bool is_pipe(const Fd &fd) {
  struct stat st{};
  return fstat(fd.get(), &st) == 0 && S_ISFIFO(st.st_mode) && (fcntl(fd.get(), F_GETFL) & O_PATH) == 0;
}

// A program that comes from outside must be one that no jail can change (CVE-2019-5736).
bool is_sealed(const Fd &fd) {
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  const int seals = fcntl(fd.get(), F_GET_SEALS);
  return seals >= 0 && (seals & kSeals) == kSeals;
}

// Asked for only when it counts: who wants the jail stopped.
journal::Requester client_process(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {.program = "a client"};
  return journal::requester(peer.pid, peer.uid);
}

Reply failed(const Error &error) {
  return {.type = ReplyType::Failed, .kind = static_cast<uint32_t>(error.kind()), .text = error.text(), .status = {}};
}

} // namespace

void Supervisor::on_connection() {
  Fd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!client || clients_.size() >= kMaxClients) return;
  const int fd = client.get();
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != 0) return;
  if (!loop_.add(fd, EPOLLIN, [this, fd](uint32_t) { on_client(fd); })) return;
  clients_[fd] = std::move(client);
  on_client(fd); // its request is there already, as a rule
}

void Supervisor::on_client(int fd) {
  auto message = sys::receive_message(fd, kMaxRequest);
  if (!message) {
    if (message.error().sys_errno() == EAGAIN) return;
    drop_client(fd);
    return;
  }
  if (message->bytes.empty()) {
    drop_client(fd);
    return;
  }
  auto request = decode_request(message->bytes);
  if (!request) {
    reply(fd, failed(request.error()));
    drop_client(fd);
    return;
  }
  handle(fd, *request, std::move(message->fds));
}

void Supervisor::handle(int fd, const Request &request, std::vector<Fd> fds) {
  switch (request.type) {
  case RequestType::Exec: {
    const auto done = exec(fd, request.exec, std::move(fds));
    if (!done) reply(fd, failed(done.error()));
    break;
  }
  case RequestType::Probe: {
    const auto done = probe(fd, request.probe, std::move(fds));
    if (!done) reply(fd, failed(done.error()));
    break;
  }
  case RequestType::Signal:
    if (auto *session = spawner_ ? spawner_->find_client(fd) : nullptr; session != nullptr && request.signal < NSIG)
      spawner_->signal(*session, static_cast<int>(request.signal));
    break;
  case RequestType::Stop:
    reply(fd, {.type = ReplyType::Stopping, .text = {}, .status = {}});
    begin_stop(request.grace_ms == kOwnGrace ? setup_.spec.stop_grace_ms : request.grace_ms, client_process(fd));
    break;
  case RequestType::Limits: {
    Reply answer{.type = ReplyType::Limits, .text = {}, .status = {}};
    const auto done = request.limits.empty() ? Status{} : change_limits(request.limits, answer.warnings);
    answer.limits = limit_words(setup_.spec.limits);
    if (reactions_) answer.reactions = reactions_->states();
    reply(fd, done ? answer : failed(done.error()));
    break;
  }
  case RequestType::Freeze: {
    const auto done = freeze(request.freeze);
    reply(fd, done ? Reply{.type = ReplyType::Status, .text = {}, .status = status()} : failed(done.error()));
    break;
  }
  case RequestType::Upgrade:
    // Done, it does not come back: the new program answers.
    if (const auto done = upgrade(fd, fds); !done) reply(fd, failed(done.error()));
    break;
  case RequestType::Health: {
    const auto done = ask_health(fd);
    if (!done) reply(fd, failed(done.error()));
    break;
  }
  case RequestType::Status: reply(fd, {.type = ReplyType::Status, .text = {}, .status = status()}); break;
  }
}

// A session for what this client asks to run; one at a time.
Result<std::unique_ptr<Session>> Supervisor::client_session(int fd) const {
  if (!spawner_ || state_ == State::Stopping)
    return fail(ErrorKind::Busy, fmt::format("jail {} is stopping or restarting", setup_.spec.name.str()));
  if (frozen_) // the anchor would answer when it is thawed, perhaps long after who asked has gone
    return fail(ErrorKind::Busy,
                fmt::format("jail {0} is frozen; 'jailctl thaw {0}' lets it go on", setup_.spec.name.str()));
  if (spawner_->find_client(fd) != nullptr) return fail(ErrorKind::Usage, "this connection has a command already");
  auto session = std::make_unique<Session>();
  session->client = Fd(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  session->client_key = fd;
  if (door_)
    if (const auto user = door_->clients.find(fd); user != door_->clients.end()) session->host_user = user->second.uid;
  return session;
}

Status Supervisor::probe(int fd, const ProbeRequest &request, std::vector<Fd> fds) {
  auto session = TRY(client_session(fd));
  if (fds.size() != 3 || !is_sealed(fds[0]) || !is_pipe(fds[1]) || !is_pipe(fds[2]))
    return fail(ErrorKind::Usage, "a probe is a sealed memfd and two pipes", EINVAL);
  Spawner::Program program;
  program.stdio = {anchor::Stdio::Descriptor, anchor::Stdio::Descriptor, anchor::Stdio::Null};
  program.uid = program.gid = request.uid;
  program.argv = {"jail-verify"};
  program.attached = true;
  const std::array<int, 3> raw{fds[1].get(), fds[2].get(), fds[0].get()};
  session->probe = true;
  set_quiet(true);
  expect_answer(*session);
  const auto started = spawner_->spawn(program, raw, std::move(session));
  if (!started) set_quiet(spawner_->has_probes());
  if (!started) return std::unexpected(started.error());
  return {};
}

// Hundreds of refusals that were meant to be would bury those of the jail. The programs in the kernel know a jail, not
// whose process it is, so what they refuse to others meanwhile is not entered either; what the filter refuses is.
void Supervisor::set_quiet(bool quiet) {
  if (quiet == (quiet_since_ms_ != 0)) return;
  const Status done = with_tables([&] { return tables_.set_quiet(setup_.jid, quiet); });
  if (!done) return note(4, "the ledger while verify runs: " + done.error().text());
  quiet_since_ms_ = quiet ? sys::monotonic_ms() : 0;
}

Status Supervisor::exec(int fd, const ExecRequest &request, std::vector<Fd> fds) {
  auto session = TRY(client_session(fd));
  const auto wanted = std::ranges::count(request.stdio, anchor::Stdio::Descriptor);
  if (std::ssize(fds) != wanted || !std::ranges::all_of(fds, is_pipe))
    return fail(ErrorKind::Usage, "standard streams must be pipes", EINVAL);
  std::vector<int> raw;
  for (const auto &pipe : fds) raw.push_back(pipe.get());
  const auto started = TRY(spawn_command(request, raw, std::move(session)));
  if (started.master) {
    const int master = started.master.get();
    reply(fd, {.type = ReplyType::Terminal, .text = {}, .status = {}}, {&master, 1});
  }
  return {};
}

// A client that does not read its replies loses them; it cannot make the supervisor wait.
void Supervisor::reply(int fd, const Reply &reply, std::span<const int> fds) {
  (void)sys::send_message(fd, encode(reply), fds);
}

void Supervisor::drop_client(int fd) {
  // As when a terminal goes away: its command is told, and may go on.
  if (spawner_) {
    if (auto *session = spawner_->find_client(fd); session != nullptr) {
      spawner_->signal_group(*session, SIGHUP);
      session->client_key = -1;
    }
  }
  if (health_) health_->forget(fd);
  loop_.remove(fd);
  if (door_ && door_->clients.erase(fd) != 0) door_->loop.remove(fd);
  clients_.erase(fd);
}

} // namespace jails::supervise
