#include "jail/enter.h"

#include "jail/control.h"
#include "jail/streams.h"
#include "jail/transient.h"
#include "sys/file.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails {
namespace {

Outcome outcome_of(int wait_status, std::string failure) {
  Outcome outcome{.exit_status = 0, .failure = std::move(failure)};
  if (!outcome.failure.empty())
    outcome.exit_status = outcome.failure.ends_with("No such file or directory") ? 127 : 126;
  else
    outcome.exit_status = WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
  return outcome;
}

Result<Fd> take_signals() {
  sigset_t mask;
  sigemptyset(&mask);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH}) sigaddset(&mask, number);
  sigprocmask(SIG_BLOCK, &mask, nullptr);
  signal(SIGPIPE, SIG_IGN); // a command that does not read its input to the end is no reason to die
  Fd fd(signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return fail_errno("signalfd");
  return fd;
}

class Client {
public:
  Client(Fd connection, Streams &streams, const Fd &signals)
      : connection_(std::move(connection)), streams_(streams), signals_(signals) {}

  Result<Outcome> run(const supervise::ExecRequest &request) {
    const bool terminal = streams_.has_terminal();
    TRY(send_request(connection_, {.type = supervise::RequestType::Exec, .exec = request}, streams_.descriptors()));
    Fd master;
    if (terminal) {
      auto answer = TRY(receive_reply(connection_));
      if (answer.reply.type != supervise::ReplyType::Terminal || answer.fds.size() != 1) return ended(answer.reply);
      master = std::move(answer.fds[0]);
    }
    if (streams_.awaits_pipes()) {
      auto answer = TRY(receive_reply(connection_));
      if (answer.reply.type != supervise::ReplyType::Streams) return ended(answer.reply);
      TRY(streams_.take(std::move(answer.fds)));
    }
    carries_ = streams_.needs_carrying();
    return carries_ ? carry(std::move(master)) : wait();
  }

  // Has it taken anything from our streams?
  [[nodiscard]] bool carries() const { return carries_; }

private:
  // Nothing to carry: two descriptors to wait for.
  Result<Outcome> wait() {
    pollfd events[] = {{.fd = connection_.get(), .events = POLLIN, .revents = 0},
                       {.fd = signals_.get(), .events = POLLIN, .revents = 0}};
    while (true) {
      if (poll(events, 2, -1) < 0 && errno != EINTR) return fail_errno("poll");
      if (events[1].revents != 0) on_signal();
      if (events[0].revents != 0) return ended(TRY(receive_reply(connection_)).reply);
    }
  }

  Result<Outcome> carry(Fd master) {
    auto loop = TRY(supervise::EventLoop::create());
    std::optional<Result<Answer>> answer;
    TRY(loop.add(connection_.get(), EPOLLIN, [&](uint32_t) { answer = receive_reply(connection_); }));
    TRY(loop.add(signals_.get(), EPOLLIN, [&](uint32_t) { on_signal(); }));
    TRY(streams_.attach(loop, std::move(master)));
    while (!answer) TRY(loop.run_once());
    streams_.finish();
    if (!*answer) return std::unexpected(std::move(*answer).error());
    return ended((*answer)->reply);
  }

  void on_signal() {
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof info) == sizeof info) {
      if (info.ssi_signo == SIGWINCH)
        streams_.window_changed();
      else
        (void)send_request(connection_, {.type = supervise::RequestType::Signal, .exec = {}, .signal = info.ssi_signo});
    }
  }

  static Result<Outcome> ended(const supervise::Reply &reply) {
    if (reply.type == supervise::ReplyType::Exited) return outcome_of(static_cast<int>(reply.wait_status), reply.text);
    return fail(static_cast<ErrorKind>(reply.kind),
                reply.text.empty() ? "unexpected reply of the supervisor" : reply.text);
  }

  Fd connection_;
  Streams &streams_;
  const Fd &signals_;
  bool carries_ = false;
};

Result<Fd> connect_or_start(const Instance &instance, const JailName &name) {
  auto connection = connect_supervisor(instance, name);
  if (connection || connection.error().kind() != ErrorKind::NotFound) return connection;
  const auto lock = TRY(NameLock::acquire(instance, name));
  const auto row = TRY(find_jail(instance, name.str()));
  // A supervisor that was killed refuses connections a moment before its lock is free.
  for (int tries = 0; tries < 500 && is_running(instance, name); tries++) {
    connection = connect_supervisor(instance, name);
    if (connection) return connection;
    usleep(10000);
  }
  TRY(recover_jail(instance, row, lock));
  auto spec = TRY(registered_spec(instance, name));
  spec.command.clear();
  spec.hooks = spec.hooks.of_jail();
  TRY(start_supervisor(instance, row.jid, spec));
  return connect_supervisor(instance, name);
}

using Connect = Result<Fd> (*)(const Instance &, const JailName &);

Result<Outcome> exec_by(Connect connect, Streams::Pipes pipes, const Instance &instance, const JailName &name,
                        supervise::ExecRequest request) {
  constexpr int kTries = 5;
  auto connection = TRY(connect(instance, name));
  auto streams = TRY(Streams::of_this_process(pipes));
  request.stdio = streams.stdio();
  std::tie(request.rows, request.columns) = streams.window();
  const Fd signals = TRY(take_signals());
  for (int tries = 1;; tries++) {
    Client client(std::move(connection), streams, signals);
    auto outcome = client.run(request);
    if (outcome || outcome.error().sys_errno() != ECONNRESET || client.carries() || tries == kTries) return outcome;
    connection = TRY(connect(instance, name)); // the supervisor ended without having read what we want
  }
}

} // namespace

Result<Outcome> exec_in_jail(const Instance &instance, const JailName &name, supervise::ExecRequest request) {
  return exec_by(connect_or_start, Streams::Pipes::Ours, instance, name, std::move(request));
}

Result<Outcome> exec_as_user(const Instance &instance, const JailName &name, supervise::ExecRequest request) {
  return exec_by(connect_as_user, Streams::Pipes::Brought, instance, name, std::move(request));
}

Result<Outcome> run_jail(const Instance &instance, const Spec &spec, supervise::ExecRequest request) {
  auto streams = TRY(Streams::of_this_process());
  request.stdio = streams.stdio();
  std::tie(request.rows, request.columns) = streams.window();
  Outcome outcome;
  TRY(transient_jail(instance, spec, [&](supervise::Supervisor &supervisor, const auto &unlock) -> Status {
    auto master = TRY(supervisor.start_foreground(request, streams.descriptors()));
    Fd winch;
    if (streams.needs_carrying()) {
      TRY(streams.attach(supervisor.loop(), std::move(master)));
      sigset_t mask;
      sigemptyset(&mask);
      sigaddset(&mask, SIGWINCH);
      sigprocmask(SIG_BLOCK, &mask, nullptr);
      winch = Fd(signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
      TRY(supervisor.loop().add(winch.get(), EPOLLIN, [&](uint32_t) {
        signalfd_siginfo info{};
        while (read(winch.get(), &info, sizeof info) == sizeof info) streams.window_changed();
      }));
    }
    unlock(); // stop, and exec, are for others to call meanwhile
    TRY(supervisor.serve());
    streams.finish();
    const auto &ending = supervisor.foreground_ending();
    if (!ending) return fail(ErrorKind::System, "the jail was stopped");
    outcome = outcome_of(ending->wait_status, ending->failure);
    return {};
  }));
  return outcome;
}

} // namespace jails
