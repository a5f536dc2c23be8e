// A jail's supervisor: makes the jail stand, keeps its workload running, serves its control socket, forwards its
// output, and takes everything down again. One per running jail, on the host's side; the parent of everything in the
// jail.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/group.h"
#include "cgroup/usage.h"
#include "journal/event.h"
#include "launch/disk.h"
#include "model/instance.h"
#include "model/spec.h"
#include "secmodel/pace.h"
#include "secmodel/sockbuf.h"
#include "secmodel/tables.h"
#include "supervise/back_off.h"
#include "supervise/denial_log.h"
#include "supervise/door.h"
#include "supervise/event_loop.h"
#include "supervise/health.h"
#include "supervise/hooks.h"
#include "supervise/host_command.h"
#include "supervise/landlock_log.h"
#include "supervise/log.h"
#include "supervise/notifier.h"
#include "supervise/peer.h"
#include "supervise/reactions.h"
#include "supervise/spawner.h"
#include "supervise/state.h"
#include "sys/lock.h"
#include "sys/message.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace jails::supervise {

struct Setup {
  Instance instance;
  Spec spec;
  Jid jid = 0;
  bool recorded = true; // what happens to it is entered in the journal; not for a transient jail, whose caller sees it
};

class Supervisor {
public:
  // From nothing to a jail with its anchor: lock, cgroup, membership, control socket, launch. On failure all of it is
  // undone and the error names the step. Takes over the signals of the process, which has one thread.
  static Result<std::unique_ptr<Supervisor>> start(Setup setup);
  // In place of the program that had this process before (upgrade.cpp), with what it handed on, which is taken over
  // whatever comes of it: on failure the jail is taken down.
  static Result<std::unique_ptr<Supervisor>> go_on(SavedState state);
  // Would go_on() take it? Asks the kernel only, and changes nothing.
  static Status check(const SavedState &state);
  Supervisor(const Supervisor &) = delete;
  Supervisor &operator=(const Supervisor &) = delete;
  ~Supervisor() { take_down(); }

  // Starts spec.command as the workload, its output going to the log, with the hooks around it; without a command only
  // those. `ready` is called once from serve(): when the program runs, or with what kept it from that (the jail then
  // ends).
  Status start_workload(std::move_only_function<void(Status)> ready);

  // `jailctl run`: one command in the foreground; when it ends the jail does. fds: one for each Stdio::Descriptor. When
  // a slot is Stdio::Terminal the master of the jail's pty is returned. Signals that come for this process go to it.
  Result<Fd> start_foreground(const ExecRequest &request, std::span<const int> fds);
  [[nodiscard]] const std::optional<Ending> &foreground_ending() const { return foreground_ending_; }

  // Serves until the jail is over, then leaves no process, cgroup or membership of it; the registration stays.
  Status serve();

  EventLoop &loop() { return loop_; }

private:
  static constexpr uint64_t kAnswerMs = 5000; // an anchor answers within a millisecond, or never
  enum class State : uint8_t { Idle, Starting, Running, Waiting, Stopping, Done };

  Supervisor(Setup setup, EventLoop loop, Tables tables)
      : setup_(std::move(setup)), loop_(std::move(loop)), tables_(std::move(tables)), host_commands_(loop_) {}

  // setup.cpp: what start() does, step by step, and its reverse.
  Status set_up();
  [[nodiscard]] Status publish_spec() const;
  Status take_signals();
  Status make_cgroup();
  Status open_control_socket();
  Status launch_anchor();
  Status serve_anchor(launch::Anchor anchor);
  Status with_tables(std::move_only_function<Status()> change);
  void take_down();

  // supervisor.cpp: the workload's life.
  struct Started {
    Session *session;
    Fd master; // of its pty, if it has one
  };
  Result<Started> spawn_command(const ExecRequest &request, std::span<const int> fds, std::unique_ptr<Session> session);
  void expect_answer(Session &session); // of the anchor, soon
  void set_quiet(bool quiet);
  void on_signal();
  void on_anchor_message();
  void session_ended(Session &session, const Ending &ending);
  void workload_ended(const Ending &ending);
  void anchor_ended();
  void wait_or_end(bool failed, bool ill = false);
  // causes.cpp: why it ended, for the journal.
  void record(journal::Kind kind, std::string text) const;
  [[nodiscard]] journal::Event event_of(journal::Kind kind, std::string text) const;
  void record_start() const;
  void record_exit(const Ending &ending);
  void record_end();
  void look_at_limits();
  void on_timer();
  void on_answer_timer();
  Status freeze(bool stop);
  void begin_stop(uint32_t grace_ms, journal::Requester by);
  void finish();
  Status run_command();
  void terminate(uint32_t grace_ms);
  void report_ready(Status status);
  void workload_runs();
  Status watch_workload();
  Status open_log();
  Status serve_log();
  void note(int level, std::string_view text);
  void on_log_timer();
  void log_denials();
  [[nodiscard]] SupervisorStatus status() const;

  // hook_points.cpp
  Status make_hooks();
  Status prestart();
  void poststop();
  Status begin_command();
  void poststart();
  void hook_failed(const Error &error);
  void start_hook_failed(Error error);
  void not_started(Error error);
  void stop_in_order(uint32_t grace_ms);

  // recovery.cpp: what health checks find, and what follows.
  void start_health();
  bool make_health();
  void stop_health();
  void on_health(HealthJudge::Verdict verdict, const std::string &why);
  void recover(const std::string &why);
  void recovered(const std::string &why);
  Status ask_health(int fd);
  void end_command(journal::Cause cause, const std::string &why); // so that it is started anew
  [[nodiscard]] bool ends_command() const;                        // that is under way
  void kill_ended_command();

  // limits.cpp: other limits while it runs; the OOM of a v1 hierarchy, which kills one process only.
  Status change_limits(const std::vector<std::string> &words, std::vector<std::string> &warnings);
  Status limit_files(std::optional<uint64_t> files);
  [[nodiscard]] Status limit_files_of_processes(std::optional<uint64_t> files) const;
  Status limit_network();
  Status limit_sockets();
  void adopt_sockets(SavedState &state);
  Status limit_disk(); // of a root without an image
  Status watch_oom();
  void unwatch_oom();
  void keep_oom_kills();
  void on_oom();

  // upgrade.cpp: another program in place of this one.
  Status upgrade(int fd, const std::vector<Fd> &fds);
  [[nodiscard]] Status can_upgrade() const;
  [[nodiscard]] SavedState save(int asker) const;
  Status become(const Fd &program, SavedState &state) const;
  Status adopt(SavedState &state);
  Status adopt_anchor(SavedState &state, std::span<const int> clients);
  Status adopt_log(LogState &state);
  Status adopt_life(const LifeState &life);
  void adopt_watches(const SavedState &state, std::span<const int> clients);
  // react.cpp: what is configured to be done when the jail uses more than it should.
  Status watch_limits();
  void react(const Reaction &reaction, const std::string &use, const std::string &why);
  Status carry_out(const Reaction &reaction, const std::string &use, const std::string &why);
  Status run_on_host(const Reaction &reaction, const std::string &use);

  // clients.cpp: the control socket.
  void on_connection();
  void on_client(int fd);
  void handle(int fd, const Request &request, std::vector<Fd> fds);
  [[nodiscard]] Result<std::unique_ptr<Session>> client_session(int fd) const;
  Status probe(int fd, const ProbeRequest &request, std::vector<Fd> fds);
  Status exec(int fd, const ExecRequest &request, std::vector<Fd> fds);
  void reply(int fd, const Reply &reply, std::span<const int> fds = {});
  void drop_client(int fd);

  // user_clients.cpp: the socket for users of the host, where there are rules for them.
  Status open_door();
  Status serve_door(Fd listener);
  void close_door();
  void warn_of_users();
  void on_door();
  void arm_door_timer();
  void on_door_timer();
  void on_user_connection();
  [[nodiscard]] Result<uint32_t> admit(int fd) const;
  void on_user(int fd);
  Status exec_for_user(int fd, ExecRequest request, std::vector<Fd> fds);
  void user_command_ended(int fd);
  void tell_user(int level, std::string_view text);
  void record_exec(const Peer &peer, const std::string &text);
  void save_door(DoorState &state, const std::function<int32_t(int)> &index_of) const;
  Status adopt_door(DoorState &state, std::span<const int> clients);

  Setup setup_;
  EventLoop loop_;
  Tables tables_;
  std::optional<sys::FileLock> lock_;
  std::optional<cgroup::Group> group_;
  std::optional<Pace> pace_;       // where there is a network rate
  std::optional<Sockbuf> sockbuf_; // where there is a ceiling of socket buffers
  HostCommands host_commands_;
  std::unique_ptr<Reactions> reactions_; // where there are any
  std::vector<std::string> warnings_;    // of the start, for the log
  std::unique_ptr<Spawner> spawner_;
  std::unique_ptr<Notifier> notifier_;        // of the spawner's anchor: goes before it
  std::unique_ptr<LandlockLog> landlock_log_; // likewise, where the spec asks for it
  std::unique_ptr<Hooks> hooks_;              // where the spec has some
  HookPoint reached_ = HookPoint::Prestart;
  bool hooks_due_ = false;              // those before the command, of the jail as it was made last
  bool hook_start_failed_ = false;      // a hook kept it from starting
  bool finish_pending_ = false;         // when the hook that runs is over
  std::unique_ptr<HealthCheck> health_; // where the spec has one, from the first start on
  Fd signals_, timer_, answer_timer_, log_timer_, listener_, oom_event_;
  bool oom_killed_ = false; // the whole jail, and not yet counted
  std::map<int, Fd> clients_;
  std::unique_ptr<Door> door_; // where the spec lets users in; who came by it is among clients_

  State state_ = State::Idle;
  bool gone_on_ = false; // another program was its supervisor before
  bool frozen_ = false;  // asked for; of the cgroup that there is now
  Session *workload_ = nullptr;
  bool seen_to_run_ = false; // the workload of now
  Session *foreground_ = nullptr;
  std::optional<Ending> foreground_ending_;
  std::move_only_function<void(Status)> ready_;
  std::optional<Error> start_failure_; // the workload never ran, and why
  BackOff back_off_;
  uint64_t started_ms_ = 0; // CLOCK_MONOTONIC
  uint64_t started_at_ = 0; // time(2)
  uint32_t restarts_ = 0;

  journal::Cause cause_ = journal::Cause::None; // known before the command's end is seen
  std::string cause_text_;
  std::optional<journal::Event> last_exit_;
  std::optional<journal::Requester> stopped_by_;
  bool gave_up_ = false;
  uint64_t oom_seen_ms_ = 0;   // CLOCK_MONOTONIC, when a kill for want of memory was found
  uint64_t up_since_ms_ = 0;   // CLOCK_BOOTTIME, of the command or of the jail without one
  cgroup::LimitHits hits_;     // as last seen
  uint64_t fork_event_ms_ = 0; // CLOCK_MONOTONIC, of the last event about the limit of processes

  std::optional<Log> log_;
  Fd out_read_, out_write_, err_read_, err_write_;
  std::optional<DenialLog> denial_log_; // with log_
  uint64_t denials_looked_ms_ = 0;
  uint64_t quiet_since_ms_ = 0; // CLOCK_MONOTONIC; 0: denials are entered
};

// Who runs it and with what environment, from the jail's own files below root (a directory descriptor): PATH, HOME,
// USER, LOGNAME, SHELL, then the request's. No command: the user's shell, interactive when its input is a terminal.
Result<Spawner::Program> resolve_program(int root, const ExecRequest &request);

} // namespace jails::supervise
