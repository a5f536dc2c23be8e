// Supervisor::start() as a list of steps, and take_down(), which undoes whatever of them was done.
#include "supervise/protocol.h"
#include "supervise/supervisor.h"

#include "supervise/addresses.h"
#include "supervise/exec_access.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/message.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails::supervise {
namespace {

// A UDP port that the jail did not reserve: the anchor tries to bind it, which must fail in every profile (low may bind
// unreserved ports from 1024 on only).
uint32_t probe_port(const Spec &spec) {
  for (uint32_t port = 1; port < 1024; port++)
    if (std::ranges::none_of(spec.ports, [port](const auto &owned) { return owned.port == port; })) return port;
  return 0;
}

// A port of a link-local address: no jail's name ever permits that.
uint32_t call_port(const Spec &spec) {
  if (spec.profile == Profile::Low) return 0;
  for (uint32_t port = 1; port < 1024; port++)
    if (std::ranges::none_of(spec.net.connect, [port](const auto &to) { return to.jail.empty() && to.port == port; }))
      return port;
  return 0;
}

constexpr int kTakeDownMs = 10000;

} // namespace

Result<std::unique_ptr<Supervisor>> Supervisor::start(Setup setup) {
  umask(0); // every mode is given in full; the caller's must not reach the jail's device nodes and mount points
  auto loop = TRY(EventLoop::create());
  auto tables = TRY(Tables::open(setup.instance));
  std::unique_ptr<Supervisor> self(new Supervisor(std::move(setup), std::move(loop), std::move(tables)));
  auto done = self->set_up();
  if (done) return self;
  self->start_failure_ = done.error();
  return std::unexpected(std::move(done).error());
}

Status Supervisor::set_up() {
  const Instance &instance = setup_.instance;
  const Spec &spec = setup_.spec;
  TRY(sys::make_dir(instance.jail_run_dir(spec.name), 0700));
  auto lock = sys::FileLock::try_acquire(instance.jail_run_dir(spec.name) + "/supervisor.lock");
  if (!lock) {
    if (lock.error().kind() == ErrorKind::Busy)
      return fail(ErrorKind::Busy, fmt::format("jail {} is already running", spec.name.str()));
    return std::unexpected(std::move(lock).error());
  }
  lock_ = std::move(*lock);
  up_since_ms_ = sys::boottime_ms();
  TRY(check_addresses(spec.net.addresses));
  TRY(check_host_users(spec.exec_rules));
  TRY(take_signals());
  // For whoever asks what is in force (`jailctl show`); what was registered may say otherwise, or nothing.
  TRY(publish_spec());
  TRY(prestart());
  TRY(make_cgroup());
  if (launch::limits_disk(spec.limits)) TRY(limit_disk());
  TRY_IN("control socket", open_control_socket());
  TRY(launch_anchor());
  TRY_IN("socket for users", open_door());
  return watch_limits();
}

// What is in force, for others to show.
Status Supervisor::publish_spec() const {
  return sys::replace_file(setup_.instance.started_file(setup_.spec.name), encode(setup_.spec), 0600);
}

Status Supervisor::take_signals() {
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return fail_errno("child subreaper");
  sigset_t mask;
  sigemptyset(&mask);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&mask, number);
  if (sigprocmask(SIG_BLOCK, &mask, nullptr) != 0) return fail_errno("block signals");
  signal(SIGPIPE, SIG_IGN);
  signals_ = Fd(signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
  timer_ = Fd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  answer_timer_ = Fd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!signals_ || !timer_ || !answer_timer_) return fail_errno("signalfd or timerfd");
  TRY(loop_.add(answer_timer_.get(), EPOLLIN, [this](uint32_t) { on_answer_timer(); }));
  TRY(loop_.add(signals_.get(), EPOLLIN, [this](uint32_t) { on_signal(); }));
  return loop_.add(timer_.get(), EPOLLIN, [this](uint32_t) { on_timer(); });
}

// Changes of the tables are made under the instance's lock.
Status Supervisor::with_tables(std::move_only_function<Status()> change) {
  const auto lock = TRY(sys::FileLock::acquire(setup_.instance.run_dir() + "/lock"));
  return change();
}

Status Supervisor::make_cgroup() {
  const auto where = TRY(cgroup::Hierarchies::discover());
  struct stat parent{};
  const std::string path = where.v2 + "/" + setup_.instance.cgroup_name();
  if (stat(path.c_str(), &parent) != 0) return fail_errno("cgroup " + path);
  if (parent.st_ino != tables_.parent_cgroup()) // the programs hang on the one that was there before
    return fail(ErrorKind::Unsupported, "cgroup " + path + " was made anew; 'jailctl load' puts it right");
  unwatch_oom();
  pace_.reset();
  sockbuf_.reset();
  frozen_ = false;
  keep_oom_kills(); // a restart
  group_ = TRY(cgroup::Group::create(where, setup_.instance.cgroup_name(), setup_.spec.name, setup_.spec.limits,
                                     setup_.spec.root));
  hits_ = {}; // of a group that is new
  TRY_IN("limit 'oom'", watch_oom());
  TRY_IN("limit 'net'", limit_network());
  TRY_IN("limit 'sockbuf'", limit_sockets());
  return with_tables([this]() -> Status {
    TRY(tables_.bind_cgroup(setup_.jid, group_->id()));
    TRY(tables_.set_quiet(setup_.jid, true)); // until the anchor has tried the guards
    return tables_.set_supervisor(setup_.jid, getpid());
  });
}

Status Supervisor::open_control_socket() {
  listener_ = TRY(sys::listen_seqpacket(setup_.instance.control_socket(setup_.spec.name), 0600));
  return loop_.add(listener_.get(), EPOLLIN, [this](uint32_t) { on_connection(); });
}

Status Supervisor::launch_anchor() {
  TRY(tables_.check_guards());
  const auto v1 = TRY(group_->v1_procs());
  launch::Request request{.spec = setup_.spec,
                          .cgroup = group_->v2(),
                          .v1_procs = {},
                          .probe_port = probe_port(setup_.spec),
                          .call_port = call_port(setup_.spec)};
  for (const auto &file : v1) request.v1_procs.push_back(file.get());
  landlock_log_.reset();
  if (setup_.spec.log.landlock)
    landlock_log_ = TRY_IN("landlock = \"audit\" in [log]", LandlockLog::open(Ledger(setup_.instance), setup_.jid));
  TRY(serve_anchor(TRY(launch::launch(request))));
  hooks_due_ = hooks_ != nullptr;
  return with_tables([this, pid = spawner_->anchor().pid()]() -> Status {
    TRY(tables_.set_quiet(setup_.jid, false));
    if (setup_.spec.limits.files)
      TRY(tables_.set_files(setup_.jid, *setup_.spec.limits.files)); // without the launch's own
    return tables_.set_anchor(setup_.jid, pid);
  });
}

Status Supervisor::serve_anchor(launch::Anchor anchor) {
  const pid_t pid = anchor.pid();
  spawner_ =
      std::make_unique<Spawner>(std::move(anchor), host_commands_,
                                [this](Session &session, const Ending &ending) { session_ended(session, ending); });
  TRY(loop_.add(spawner_->anchor().channel(), EPOLLIN, [this](uint32_t) { on_anchor_message(); }));
  if (const int listener = spawner_->anchor().listener(); listener >= 0)
    notifier_ = TRY(Notifier::start(
        loop_, Ledger(setup_.instance),
        {.jid = setup_.jid,
         .profile = setup_.spec.profile,
         .permissions = effective(setup_.spec.profile, setup_.spec.permissions),
         .anchor = pid,
         .listener = listener},
        {.on_denial = [this] { log_denials(); }, .is_probe = [this](pid_t sid) { return spawner_->is_probe(sid); }}));
  if (landlock_log_) TRY(landlock_log_->watch(loop_, pid, [this] { log_denials(); }));
  return {};
}

void Supervisor::take_down() {
  if (!lock_) return;
  stop_health();
  if (hooks_) hooks_->cancel();
  for (const auto &[fd, client] : clients_) loop_.remove(fd);
  close_door();
  if (listener_) unlink(setup_.instance.control_socket(setup_.spec.name).c_str());
  listener_.reset();
  unwatch_oom();
  pace_.reset();
  sockbuf_.reset();
  reactions_.reset();
  if (group_) {
    Status done = group_->kill();
    if (spawner_) {
      if (done && !spawner_->anchor_ended())
        waitid(P_PID, static_cast<id_t>(spawner_->anchor().pid()), nullptr, WEXITED | WNOWAIT);
      spawner_->reap();
    }
    if (done) done = group_->wait_empty(kTakeDownMs);
    if (spawner_) {
      spawner_->reap();
      spawner_->abandon("the jail was stopped");
      loop_.remove(spawner_->anchor().channel());
      notifier_.reset();
      landlock_log_.reset();
      spawner_.reset();
    }
    keep_oom_kills();
    if (done) done = group_->remove();
    poststop();
    const Status cleared = with_tables([this]() -> Status {
      TRY(tables_.set_anchor(setup_.jid, 0));
      TRY(tables_.set_supervisor(setup_.jid, 0));
      return tables_.bind_cgroup(setup_.jid, 0);
    });
    if (!done) note(3, "taking the jail down: " + done.error().text());
    if (!cleared) note(3, "taking the jail down: " + cleared.error().text());
    group_.reset();
  } else {
    poststop();
  }
  record_end();
  unlink(setup_.instance.started_file(setup_.spec.name).c_str());
  lock_->remove_file();
  lock_.reset();
  clients_.clear(); // who waits for the end sees it now
}

} // namespace jails::supervise
