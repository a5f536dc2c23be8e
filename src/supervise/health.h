// The health check of a running command: one at a time, by a timer, never waiting for anything. Made only where a check
// is configured. A command is a session of the anchor like any other; a connection is made without blocking.
#pragma once

#include "base/fd.h"
#include "model/health.h"
#include "model/spec.h"
#include "supervise/event_loop.h"
#include "supervise/session.h"
#include "supervise/state.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace jails::supervise {

class HealthCheck {
public:
  // What it needs of the supervisor.
  struct Jail {
    // Runs a command in the jail as its root, both output streams into this pipe.
    std::move_only_function<Result<Session *>(const std::vector<std::string> &command, int output)> spawn;
    std::move_only_function<void(Session &)> kill; // with its process group
    std::move_only_function<bool()> frozen;        // it cannot answer, and is not ill for that
    std::move_only_function<void(HealthJudge::Verdict verdict, const std::string &why)> judged; // not Same
    std::move_only_function<void(const std::string &why)> recovered; // run_recovery() ended; why: what went wrong
    // To a client that asked (ask()). why: empty when it is well.
    std::move_only_function<void(int client, bool good, const std::string &why)> answer;
  };

  // spec: outlives it.
  static Result<std::unique_ptr<HealthCheck>> create(EventLoop &loop, const Spec &spec, Jail jail);
  HealthCheck(const HealthCheck &) = delete;
  HealthCheck &operator=(const HealthCheck &) = delete;
  ~HealthCheck();

  void start(); // the command runs from now on
  void pause(); // no more checks until the next start; the state stays
  void stop();  // the command has ended; whoever asked is told
  void thawed();
  // Checks now, or waits for the check under way; answered later. Not while it is frozen or stopped.
  void ask(int client);
  void forget(int client) { std::erase(clients_, client); }
  // Is it the session of a check or of the recovery? Then its end is taken in.
  bool ended(const Session &session, const Ending &ending);
  void run_recovery(); // recovery_command
  // The anchor is gone, and every session with it: their ends say nothing.
  void anchor_ended();

  // A recovery command runs: who made it has to see it through.
  [[nodiscard]] bool recovers() const { return doing_ == Doing::Recovery; }
  // For who goes on with it. index_of: of a client.
  void save(HealthState &state, const std::function<int32_t(int)> &index_of) const;
  // clients: by index. A check that was under way is the caller's to end; the next one comes at once.
  void restore(const HealthState &state, std::span<const int> clients);

  [[nodiscard]] Health state() const { return judge_.state(); }
  [[nodiscard]] uint32_t failures() const { return judge_.failures(); }

private:
  enum class Doing : uint8_t { Nothing, Command, Connecting, Reading, Recovery };

  HealthCheck(EventLoop &loop, const Spec &spec, Jail jail) : loop_(loop), spec_(spec), jail_(std::move(jail)) {}
  void on_timer();
  void begin();
  Status run(const std::vector<std::string> &command);
  Status connect_port();
  void on_connected();
  void on_answer();
  void over(bool good, const std::string &why);
  void recovery_over(const std::string &why);
  void give_up_check();
  [[nodiscard]] std::string read_output() const;
  [[nodiscard]] IpAddress address() const;
  [[nodiscard]] std::string port_text() const;

  EventLoop &loop_;
  const Spec &spec_;
  Jail jail_;
  HealthJudge judge_;
  Fd timer_, output_, socket_;
  Doing doing_ = Doing::Nothing;
  bool running_ = false;
  Session *session_ = nullptr;
  std::string received_; // of an answer by HTTP
  std::vector<int> clients_;
};

} // namespace jails::supervise
