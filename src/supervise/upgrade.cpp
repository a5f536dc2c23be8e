// One program takes the place of another in a supervisor's process: what it knows goes over as a state (state.h), what
// it holds open stays open across execve(2). Pid, children, lock and session are those of the process, and stay.
//
// Until execve has succeeded the old program can go on as if nothing had been; the new one has said by then, in a
// process of its own and from a copy, that it takes the state. From there on it is as with every supervisor that ends:
// the jail ends with it.
#include "supervise/handover.h"
#include "supervise/supervisor.h"

#include "base/scope.h"
#include "base/text.h"
#include "supervise/timer.h"
#include "sys/call.h"
#include "sys/file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails::supervise {
namespace {

constexpr int kReport = 3, kOrders = 4; // as jail-supervisor expects them
constexpr int kFirstFree = 16;
constexpr int kCheckMs = 5000;         // it takes a few
constexpr int kWarning = 4, kInfo = 6; // syslog(3)

Result<Fd> move_up(int fd) {
  Fd high(fcntl(fd, F_DUPFD_CLOEXEC, kFirstFree));
  if (!high) return fail_errno("duplicate a descriptor");
  return high;
}

// Whoever can connect is root; but root of a jail that was given /run is root, too, and what comes here is executed on
// the host.
Status check_asker(int client) {
  auto peer = peer_outside(client);
  if (peer) return {};
  if (peer.error().kind() == ErrorKind::Denied)
    return fail(ErrorKind::Denied, "a jail asks for the upgrade of a supervisor");
  return std::unexpected(std::move(peer).error().context("who asks for the upgrade"));
}

Status check_program(const Fd &program) {
  struct stat st{};
  if (fstat(program.get(), &st) != 0) return fail_errno("the new program");
  if (!S_ISREG(st.st_mode) || (st.st_mode & S_IXUSR) == 0)
    return fail(ErrorKind::Usage, "the new program is not one that can be executed");
  if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail(ErrorKind::Denied, "the new program could have been changed by others than root");
  return {};
}

[[noreturn]] void execute(const Fd &program, const std::string &title) {
  char *const argv[] = {const_cast<char *>(title.c_str()), nullptr};
  char *const envp[] = {nullptr};
  execveat(program.get(), "", argv, envp, AT_EMPTY_PATH);
  _exit(127);
}

// The new program reads a copy and reports. It has nothing else of this process: all else is closed by execve.
Status ask_program(const Fd &program, const SavedState &state, const std::string &title) {
  const Fd copy = TRY(move_up(TRY(sys::sealed_memfd("jail-state", encode(state, kStateToCheck))).get()));
  auto report = TRY(sys::seqpacket_pair());
  Fd its_end = TRY(move_up(report.second.get()));
  report.second.reset();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("fork");
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent || dup2(its_end.get(), kReport) < 0 ||
        dup2(copy.get(), kOrders) < 0)
      _exit(126);
    execute(program, title);
  }
  its_end.reset();
  const ScopeExit reap([pid] {
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  });
  pollfd answer{.fd = report.first.get(), .events = POLLIN, .revents = 0};
  if (poll(&answer, 1, kCheckMs) != 1) return fail(ErrorKind::Busy, "it did not answer");
  auto result = await_result(report.first.get());
  if (!result && (result.error().text() == "the supervisor died" || result.error().sys_errno() == ECONNRESET))
    return fail(ErrorKind::System, "it cannot be executed, or is no supervisor of jails");
  return result;
}

// Those that the new program is to have.
Status keep_open(std::span<const KeptFd> kept, bool open) {
  for (const auto &one : kept)
    if (fcntl(*one.fd, F_SETFD, open ? 0 : FD_CLOEXEC) != 0) return fail_errno("a descriptor that was handed on");
  return {};
}

} // namespace

// --- the old program -------------------------------------------------------------------------------------------------

Status Supervisor::can_upgrade() const {
  const auto &name = setup_.spec.name.str();
  if (!setup_.recorded)
    return fail(ErrorKind::Unsupported,
                fmt::format("jail {} lives as long as the command that made it, which cannot be replaced", name));
  if (state_ == State::Stopping || state_ == State::Done)
    return fail(ErrorKind::Busy, fmt::format("jail {} is stopping", name));
  if (state_ == State::Starting || (hooks_ && hooks_->busy()))
    return fail(ErrorKind::Busy, fmt::format("a hook of jail {} is running", name));
  if (ready_) return fail(ErrorKind::Busy, fmt::format("jail {} is just starting", name));
  // Whoever started them has to see them through.
  if (health_ && health_->recovers())
    return fail(ErrorKind::Busy, fmt::format("the recovery command of jail {} is running", name));
  if (!host_commands_.idle())
    return fail(ErrorKind::Busy, fmt::format("a command on the host is running for jail {}", name));
  return {};
}

SavedState Supervisor::save(int asker) const {
  SavedState state;
  state.instance = setup_.instance.name();
  state.jid = setup_.jid;
  state.spec = encode(setup_.spec);
  state.cgroup = group_->id();
  state.lock.fd = lock_->get();
  state.control.fd = listener_.get();
  std::map<int, int32_t> indices;
  for (const auto &[fd, client] : clients_) {
    indices[fd] = static_cast<int32_t>(state.clients.size());
    state.clients.push_back({fd});
  }
  state.asker = indices[asker];
  if (pace_)
    for (const auto &link : pace_->links()) state.pace.push_back({link.get()});
  if (sockbuf_)
    for (const auto &link : sockbuf_->links()) state.sockbuf.push_back({link.get()});
  state.oom_event.fd = oom_event_.get();
  if (spawner_) spawner_->save(state.anchor, [&](int key) { return indices.at(key); });

  auto &life = state.life;
  life.phase = state_ == State::Running   ? LifeState::Phase::Running
               : state_ == State::Waiting ? LifeState::Phase::Waiting
                                          : LifeState::Phase::Idle;
  life.frozen = frozen_;
  life.workload = workload_ != nullptr ? workload_->id : 0;
  life.seen_to_run = seen_to_run_;
  if (state_ == State::Waiting || ends_command()) life.timer_ms = timer_left_ms(timer_);
  life.back_off_seconds = back_off_.seconds();
  life.restarts_ms = back_off_.restarts_ms();
  life.started_ms = started_ms_;
  life.started_at = started_at_;
  life.up_since_ms = up_since_ms_;
  life.restarts = restarts_;
  life.cause = static_cast<uint8_t>(cause_);
  life.cause_text = cause_text_;
  if (last_exit_) life.last_exit = journal::encode(*last_exit_);
  life.oom_seen_ms = oom_seen_ms_;
  life.oom_kills = hits_.oom_kills;
  life.forks = hits_.forks;
  life.fork_event_ms = fork_event_ms_;
  life.hook_reached = static_cast<uint8_t>(reached_);
  life.hooks_due = hooks_due_;
  if (health_) health_->save(state.health.emplace(), [&](int client) { return indices.at(client); });
  if (reactions_) state.watches = reactions_->save();
  if (landlock_log_) state.landlock = landlock_log_->save();
  if (door_) save_door(state.door.emplace(), [&](int key) { return indices.at(key); });
  if (log_) {
    auto &log = state.log.emplace();
    log.pipes = {{{out_read_.get()}, {out_write_.get()}, {err_read_.get()}, {err_write_.get()}}};
    log_->save(log);
    log.denials = denial_log_->save();
    log.denials_looked_ms = denials_looked_ms_;
  }
  return state;
}

Status Supervisor::upgrade(int fd, const std::vector<Fd> &fds) {
  TRY(can_upgrade());
  if (fds.size() != 1) return fail(ErrorKind::Usage, "an upgrade needs a program", EINVAL);
  TRY(check_asker(fd));
  TRY(check_program(fds[0]));
  auto state = save(fd);
  // The numbers where the new program looks for its orders; what lies there stays as it is until it is executed.
  std::vector<Fd> moved;
  for (const auto &kept : descriptors(state)) {
    if (*kept.fd > kOrders) continue;
    moved.push_back(TRY(move_up(*kept.fd)));
    *kept.fd = moved.back().get();
  }
  auto taken = ask_program(fds[0], state, supervisor_title(setup_.spec.name, setup_.jid));
  if (taken) taken = become(fds[0], state);
  const auto why = std::move(taken).error().context("the new program does not take over, this one goes on");
  note(kWarning, why.text());
  return std::unexpected(why);
}

// Returns when the program could not be executed, with everything as it was.
Status Supervisor::become(const Fd &program, SavedState &state) const {
  const Fd orders = TRY(move_up(TRY(sys::sealed_memfd("jail-state", encode(state, kStateToGoOn))).get()));
  const Fd null = TRY(move_up(STDIN_FILENO));
  const std::string title = supervisor_title(setup_.spec.name, setup_.jid);
  char *const argv[] = {const_cast<char *>(title.c_str()), nullptr};
  char *const envp[] = {nullptr};
  const auto kept = descriptors(state);
  std::array<Fd, 2> before; // closed ones stay closed
  for (int i = 0; i < 2; i++) before[static_cast<size_t>(i)] = Fd(fcntl(kReport + i, F_DUPFD_CLOEXEC, kFirstFree));
  Status done = keep_open(kept, true);
  if (done && (dup2(null.get(), kReport) < 0 || dup2(orders.get(), kOrders) < 0)) done = fail_errno("descriptors");
  if (done) {
    execveat(program.get(), "", argv, envp, AT_EMPTY_PATH);
    done = fail_errno("the new program");
  }
  for (int i = 0; i < 2; i++) {
    const Fd &old = before[static_cast<size_t>(i)];
    if (old)
      (void)dup3(old.get(), kReport + i, O_CLOEXEC);
    else
      (void)close(kReport + i);
  }
  (void)keep_open(kept, false);
  return done;
}

// --- the new program -------------------------------------------------------------------------------------------------

static Result<Setup> setup_of(const SavedState &state) {
  return Setup{
      .instance = TRY(Instance::named(state.instance)), .spec = TRY(decode_spec(state.spec)), .jid = state.jid};
}

static Result<cgroup::Group> group_of(const Setup &setup, const SavedState &state) {
  auto group =
      TRY(cgroup::Group::open(TRY(cgroup::Hierarchies::discover()), setup.instance.cgroup_name(), setup.spec.name));
  if (group.id() != state.cgroup) return fail(ErrorKind::System, "the jail's cgroup is another one");
  return group;
}

Status Supervisor::check(const SavedState &state) {
  const auto setup = TRY(setup_of(state));
  const auto row = TRY(TRY(Tables::open(setup.instance)).lookup(state.jid)); // a model of this version
  if (row.name != setup.spec.name.str()) return fail(ErrorKind::Malformed, "the jail has another name");
  TRY(group_of(setup, state));
  return {};
}

Result<std::unique_ptr<Supervisor>> Supervisor::go_on(SavedState state) {
  umask(0);
  const auto kept = descriptors(state);
  TRY(keep_open(kept, false));
  for (const auto &[fd, kind] : kept) {
    struct stat st{};
    if (fstat(*fd, &st) != 0) return fail_errno("a descriptor that was handed on");
    if (kind != 0 && (st.st_mode & S_IFMT) != kind)
      return fail(ErrorKind::Malformed, fmt::format("descriptor {} is of another kind", *fd));
  }
  auto setup = TRY(setup_of(state));
  auto loop = TRY(EventLoop::create());
  auto tables = TRY(Tables::open(setup.instance));
  std::unique_ptr<Supervisor> self(new Supervisor(std::move(setup), std::move(loop), std::move(tables)));
  auto done = self->adopt(state);
  const int asker = state.asker < 0 ? -1 : state.clients[static_cast<size_t>(state.asker)].fd;
  if (!done) {
    self->reply(asker, {.type = ReplyType::Failed,
                        .kind = static_cast<uint32_t>(done.error().kind()),
                        .text = "the new program failed, and the jail was stopped: " + done.error().text(),
                        .status = {}});
    self->start_failure_ = done.error();
    return std::unexpected(std::move(done).error());
  }
  constexpr char kDone[] = "another program is its supervisor now";
  self->note(kInfo, kDone);
  self->record(journal::Kind::Upgrade, kDone);
  if (asker >= 0) self->reply(asker, {.type = ReplyType::Status, .text = {}, .status = self->status()});
  return self;
}

// One of before there was a ceiling for each socket hands on no links. Then it is a matter of this program, and no
// reason to take down a jail that has been without so far.
void Supervisor::adopt_sockets(SavedState &state) {
  if (state.sockbuf.size() == Sockbuf::kLinks) {
    std::array<Fd, Sockbuf::kLinks> links;
    for (size_t i = 0; i < links.size(); i++) links[i] = Fd(state.sockbuf[i].fd);
    sockbuf_ = Sockbuf::adopt(setup_.instance, state.cgroup, std::move(links));
  } else if (const auto done = limit_sockets(); !done) {
    note(kWarning, "limit 'sockbuf': " + done.error().text());
  }
}

// The lock first: with it a failure takes the jail down in order.
Status Supervisor::adopt(SavedState &state) {
  gone_on_ = true;
  lock_ = sys::FileLock::adopt(Fd(state.lock.fd), setup_.instance.jail_run_dir(setup_.spec.name) + "/supervisor.lock");
  listener_ = Fd(state.control.fd);
  std::vector<int> clients;
  for (const auto &client : state.clients) {
    clients.push_back(client.fd);
    clients_[client.fd] = Fd(client.fd);
  }
  oom_event_ = Fd(state.oom_event.fd);
  TRY(take_signals());
  group_ = TRY(group_of(setup_, state));
  if (state.pace.size() == 3)
    pace_ =
        Pace::adopt(setup_.instance, state.cgroup, {Fd(state.pace[0].fd), Fd(state.pace[1].fd), Fd(state.pace[2].fd)});
  adopt_sockets(state);
  if (oom_event_) TRY(loop_.add(oom_event_.get(), EPOLLIN, [this](uint32_t) { on_oom(); }));
  if (state.anchor.pid != 0) TRY(adopt_anchor(state, clients));
  if (state.log) TRY(adopt_log(*state.log));
  TRY(adopt_life(state.life));
  adopt_watches(state, clients);
  TRY(loop_.add(listener_.get(), EPOLLIN, [this](uint32_t) { on_connection(); }));
  if (state.door) TRY(adopt_door(*state.door, clients));
  for (const int fd : clients)
    if (!door_ || !door_->clients.contains(fd)) TRY(loop_.add(fd, EPOLLIN, [this, fd](uint32_t) { on_client(fd); }));
  return {};
}

Status Supervisor::adopt_anchor(SavedState &state, std::span<const int> clients) {
  auto &saved = state.anchor;
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(saved.pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0)
    return fail_errno("the anchor");
  launch::Anchor anchor(saved.pid, Fd(saved.pidfd.fd), Fd(saved.channel.fd), Fd(saved.pts.fd));
  if (saved.listener.fd >= 0) anchor.set_listener(Fd(saved.listener.fd));
  if (state.landlock) landlock_log_ = LandlockLog::adopt(Ledger(setup_.instance), setup_.jid, *state.landlock);
  TRY(serve_anchor(std::move(anchor)));
  spawner_->restore(saved, clients);
  TRY(with_tables([this] { return tables_.set_quiet(setup_.jid, false); })); // a verify under way is no longer known
  for (const auto &session : saved.sessions)
    if (session.pid == 0) arm_timer(answer_timer_, kAnswerMs);
  return {};
}

Status Supervisor::adopt_log(LogState &state) {
  log_.emplace(
      TRY(Log::open(setup_.spec.name, setup_.jid, setup_.spec.log, setup_.instance.log_file(setup_.spec.name), loop_)));
  log_->restore(state);
  out_read_ = Fd(state.pipes[0].fd), out_write_ = Fd(state.pipes[1].fd);
  err_read_ = Fd(state.pipes[2].fd), err_write_ = Fd(state.pipes[3].fd);
  TRY(serve_log());
  denial_log_->restore(state.denials);
  denials_looked_ms_ = state.denials_looked_ms;
  return {};
}

Status Supervisor::adopt_life(const LifeState &life) {
  switch (life.phase) {
  case LifeState::Phase::Idle: state_ = State::Idle; break;
  case LifeState::Phase::Running: state_ = State::Running; break;
  case LifeState::Phase::Waiting: state_ = State::Waiting; break;
  }
  frozen_ = life.frozen;
  seen_to_run_ = life.seen_to_run;
  back_off_.restore(life.back_off_seconds, life.restarts_ms);
  started_ms_ = life.started_ms;
  started_at_ = life.started_at;
  up_since_ms_ = life.up_since_ms;
  restarts_ = life.restarts;
  cause_ = life.cause < journal::kCauses ? static_cast<journal::Cause>(life.cause) : journal::Cause::None;
  cause_text_ = life.cause_text;
  if (!life.last_exit.empty()) {
    auto event = journal::decode(std::string_view(life.last_exit).substr(0, life.last_exit.size() - 1));
    if (event) last_exit_ = std::move(*event);
  }
  oom_seen_ms_ = life.oom_seen_ms;
  hits_ = {.oom_kills = life.oom_kills, .forks = life.forks};
  fork_event_ms_ = life.fork_event_ms;
  if (setup_.spec.hooks.configured()) TRY(make_hooks());
  reached_ = static_cast<HookPoint>(std::min<size_t>(life.hook_reached, kHookPoints - 1));
  hooks_due_ = life.hooks_due;
  if (state_ == State::Waiting || ends_command()) arm_timer(timer_, life.timer_ms);
  if (life.workload == 0) return {};
  workload_ = spawner_->find(life.workload);
  return seen_to_run_ ? Status{} : watch_workload();
}

// What looks after the command. Without it the jail goes on all the same: it is no guard.
void Supervisor::adopt_watches(const SavedState &state, std::span<const int> clients) {
  if (const auto watched = watch_limits(); !watched) note(kWarning, "limits.action: " + watched.error().text());
  for (const auto &warning : std::exchange(warnings_, {})) note(kWarning, warning);
  if (reactions_) reactions_->restore(state.watches);
  if (!state.health) { // of a supervisor that had none
    if (workload_ != nullptr && seen_to_run_) start_health();
    return;
  }
  if (auto *check = spawner_ && state.health->session != 0 ? spawner_->find(state.health->session) : nullptr)
    spawner_->signal_group(*check, SIGKILL);
  if (make_health()) health_->restore(*state.health, clients);
}

} // namespace jails::supervise
