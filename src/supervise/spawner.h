// The supervisor's side of the anchor: asks it to spawn, keeps account of what runs, reaps. The anchor may be in
// hostile hands: nothing it says is believed unless the kernel says the same.
#pragma once

#include "base/error.h"
#include "launch/launch.h"
#include "supervise/host_command.h"
#include "supervise/protocol.h"
#include "supervise/session.h"
#include "supervise/state.h"

#include <functional>
#include <map>
#include <memory>
#include <span>

namespace jails::supervise {

class Spawner {
public:
  // Called when a session has ended.
  using OnEnd = std::move_only_function<void(Session &, const Ending &)>;

  // host: children of this process that are none of the jail's.
  Spawner(launch::Anchor anchor, HostCommands &host, OnEnd on_end)
      : anchor_(std::move(anchor)), host_(host), on_end_(std::move(on_end)) {}

  [[nodiscard]] const launch::Anchor &anchor() const { return anchor_; }

  // The jail's root with all its mounts, O_PATH. Owned here.
  Result<int> jail_root();

  // A pty of the jail's own devpts: master for the client, slave for the command.
  struct Terminal {
    Fd master, slave;
  };
  [[nodiscard]] Result<Terminal> open_terminal(uint32_t rows, uint32_t columns, uint32_t owner) const;

  struct Program {
    std::array<anchor::Stdio, 3> stdio{};
    uint32_t uid = 0, gid = 0;
    std::vector<uint32_t> groups;
    std::string directory = "/";
    std::vector<std::string> argv, environment;
    bool attached = false; // argv[0] is a name only: what is executed comes last among the descriptors
  };
  // fds: one for each Stdio::Descriptor in order, then the terminal if any slot is Terminal, then the program. The
  // session's id and status are filled in here. Owned by the spawner until it has ended.
  Result<Session *> spawn(const Program &program, std::span<const int> fds, std::unique_ptr<Session> session);

  // Reads what the anchor has said, so many messages at most. Malformed ones are dropped.
  static constexpr int kMaxReplies = 64;
  void read_anchor(int most = kMaxReplies);
  // What became of the anchor's channel, so that nothing more comes or goes by it; empty: it is as it should be. An
  // anchor that ends closes it too, and is reaped a moment later.
  [[nodiscard]] const std::string &lost() const { return lost_; }
  // Reaps every child there is. True when the anchor was among them: the jail is over.
  bool reap();
  // To a session's process, now or as soon as it has a pid.
  void signal(Session &session, int signal);
  // To the session's whole process group.
  void signal_group(Session &session, int signal);
  // The session whose command this client (client_key) asked for; nullptr: none.
  Session *find_client(int key);
  // Is this the session (setsid(2)) of a probe; are there any?
  [[nodiscard]] bool is_probe(pid_t sid) const;
  [[nodiscard]] bool has_probes() const;
  // Commands of users whose client has gone; of this one, or of all.
  [[nodiscard]] size_t left_by_users(std::optional<uint32_t> uid) const;
  // Reads what the status pipe has by now into session.failure.
  void read_status(Session &session);
  // Has the anchor left a request unanswered since before this time (CLOCK_MONOTONIC, ms)? It was stopped, or is
  // traced.
  [[nodiscard]] bool unanswered_since(uint64_t ms) const;
  [[nodiscard]] bool anchor_ended() const { return anchor_.pid() == 0; }
  // Tells every session that is left that it is over (the jail was ended).
  void abandon(const std::string &why);

  // For who goes on with it. index_of: of a client_key among the clients that are handed on.
  void save(AnchorState &state, const std::function<int32_t(int)> &index_of) const;
  // The sessions of a state, whose descriptors become this one's. clients: keys, by index.
  void restore(AnchorState &state, std::span<const int> clients);
  Session *find(uint32_t id); // nullptr: none

private:
  [[nodiscard]] Status send(std::string_view bytes, std::span<const int> fds) const;
  [[nodiscard]] bool has_pid(pid_t pid) const;
  void answered(const anchor::SpawnReply &reply);
  void ended(pid_t pid, int wait_status);
  void finish(uint32_t id, const Ending &ending);

  launch::Anchor anchor_;
  Fd root_; // once it was asked for: opening it anew costs a look-up in /proc for each command
  HostCommands &host_;
  OnEnd on_end_;
  uint32_t next_id_ = 1;
  std::string lost_;
  std::map<uint32_t, std::unique_ptr<Session>> sessions_;
  std::map<pid_t, int> early_; // ended before the anchor said whose they were
};

} // namespace jails::supervise
