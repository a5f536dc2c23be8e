// What a supervisor hands to the program that replaces it (upgrade.cpp): values, and the numbers of descriptors that
// stay open across execve(2).
//
// A feature that has state of its own adds a struct with a parts() function, a member of SavedState and its line in
// SavedState::parts(). A state without that part leaves the defaults, so an older supervisor can be replaced; one with
// a part that the reader does not know is refused, and the older program goes on.
#pragma once

#include "base/error.h"
#include "model/ids.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>
#include <vector>

namespace jails::supervise {

// A descriptor that stays open. Kind: S_IFSOCK, S_IFIFO, ... as it must be; 0: one without a kind.
template <mode_t Kind = 0> struct Kept {
  int fd = -1; // -1: there is none
};

struct SessionState {
  uint32_t id = 0;
  Kept<S_IFSOCK> client;
  int32_t asker = -1; // index among SavedState::clients; -1: nobody waits
  std::optional<uint32_t> host_user;
  Kept<S_IFIFO> status;
  int32_t pid = 0;
  uint64_t asked_ms = 0;
  std::string failure, program, directory;
  std::vector<int32_t> signals;

  template <class Archive, class Self> static void parts(Archive &ar, Self &self) {
    ar("id", self.id), ar("client", self.client), ar("asker", self.asker), ar("status", self.status);
    ar("pid", self.pid), ar("asked", self.asked_ms), ar("failure", self.failure), ar("program", self.program);
    ar("directory", self.directory), ar("signals", self.signals), ar("host-user", self.host_user);
  }
};

struct AnchorState {
  int32_t pid = 0; // 0: the jail has none just now
  Kept<> pidfd;
  Kept<S_IFSOCK> channel;
  Kept<S_IFDIR> pts;
  Kept<> listener;
  uint32_t next_session = 1;
  std::vector<SessionState> sessions;
  std::vector<std::pair<int32_t, int32_t>> early; // pid and wait status of who ended before it was known

  template <class Archive, class Self> static void parts(Archive &ar, Self &self) {
    ar("pid", self.pid), ar("pidfd", self.pidfd), ar("channel", self.channel), ar("pts", self.pts);
    ar("listener", self.listener), ar("next-session", self.next_session), ar("sessions", self.sessions);
    ar("early", self.early);
  }
};

struct RateState { // log_rate.h
  double lines = 0, bytes = 0;
  bool closed = false;
  uint64_t now_ms = 0, closed_ms = 0, held = 0;

  template <class Archive, class Self> static void parts(Archive &ar, Self &self) {
    ar("lines", self.lines), ar("bytes", self.bytes), ar("closed", self.closed), ar("now", self.now_ms);
    ar("closed-since", self.closed_ms), ar("held", self.held);
  }
};

struct DenialState { // of one rule, denial_log.h
  uint64_t told = 0, last_ms = 0;
  bool any = false;

  template <class Archive, class Self> static void parts(Archive &ar, Self &self) {
    ar("told", self.told), ar("last", self.last_ms), ar("any", self.any);
  }
};

struct LogState {
  std::array<Kept<S_IFIFO>, 4> pipes;    // stdout: read, write; stderr: read, write
  std::array<std::string, 2> unfinished; // lines of stdout and stderr
  uint64_t file_lost = 0;                // records that the file did not take, and why
  int32_t file_error = 0;
  std::string waiting; // records for the host's log, as they are kept
  bool daemon_seen = false;
  uint64_t daemon_lost = 0, daemon_told = 0, daemon_told_ms = 0;
  RateState rate;
  std::vector<DenialState> denials;
  uint64_t denials_looked_ms = 0;

  template <class Archive, class Self> static void parts(Archive &ar, Self &self) {
    ar("pipes", self.pipes), ar("unfinished", self.unfinished), ar("file-lost", self.file_lost);
    ar("file-error", self.file_error), ar("waiting", self.waiting), ar("daemon-seen", self.daemon_seen);
    ar("daemon-lost", self.daemon_lost), ar("daemon-told", self.daemon_told), ar("daemon-told-at", self.daemon_told_ms);
    ar("rate", self.rate), ar("denials", self.denials), ar("denials-looked", self.denials_looked_ms);
  }
};

// The life of the command. Times are those of supervisor.h.
struct LifeState {
  enum class Phase : uint8_t { Idle, Running, Waiting };
  Phase phase = Phase::Idle;
  bool frozen = false;
  uint32_t workload = 0; // id of its session; 0: none
  bool seen_to_run = false;
  uint64_t timer_ms = 0; // until the restart, where it waits for one; until the command's grace is over
  uint32_t back_off_seconds = 0;
  std::vector<uint64_t> restarts_ms;
  uint64_t started_ms = 0, started_at = 0, up_since_ms = 0;
  uint32_t restarts = 0;
  uint8_t cause = 0;
  std::string cause_text;
  std::string last_exit; // journal::encode(); empty: none
  uint64_t oom_seen_ms = 0, oom_kills = 0, forks = 0, fork_event_ms = 0;
  uint8_t hook_reached = 0; // enum HookPoint
  bool hooks_due = false;

  template <class Archive, class Self> static void parts(Archive &ar, Self &self) {
    ar("phase", self.phase), ar("frozen", self.frozen), ar("workload", self.workload), ar("seen", self.seen_to_run);
    ar("timer", self.timer_ms), ar("back-off", self.back_off_seconds), ar("restart-times", self.restarts_ms);
    ar("started", self.started_ms), ar("started-at", self.started_at), ar("up-since", self.up_since_ms);
    ar("restarts", self.restarts), ar("cause", self.cause), ar("cause-text", self.cause_text);
    ar("last-exit", self.last_exit), ar("oom-seen", self.oom_seen_ms), ar("oom-kills", self.oom_kills);
    ar("forks", self.forks), ar("fork-event", self.fork_event_ms);
    ar("hook-reached", self.hook_reached), ar("hooks-due", self.hooks_due);
  }
};

struct HealthState { // of the health check, health.h
  bool running = false;
  uint8_t state = 0; // enum Health
  uint32_t failures = 0;
  uint64_t counts_from_ms = 0;
  uint32_t session = 0;        // of the check that is under way; it is given up, and made anew
  std::vector<int32_t> askers; // indices among SavedState::clients

  template <class Archive, class Self> static void parts(Archive &ar, Self &self) {
    ar("running", self.running), ar("state", self.state), ar("failures", self.failures);
    ar("counts-from", self.counts_from_ms), ar("session", self.session), ar("askers", self.askers);
  }
};

struct WatchState { // of one of limits.action, reactions.h
  std::string line; // as configured
  bool armed = true;
  std::optional<uint64_t> since_ms;
  std::string use;
  uint64_t fired = 0, fired_at = 0;

  template <class Archive, class Self> static void parts(Archive &ar, Self &self) {
    ar("line", self.line), ar("armed", self.armed), ar("since", self.since_ms), ar("use", self.use);
    ar("fired", self.fired), ar("fired-at", self.fired_at);
  }
};

struct DoorClient {    // of door.h
  int32_t client = -1; // index among SavedState::clients
  uint32_t uid = 0;
  bool asked = false; // its command runs

  template <class Archive, class Self> static void parts(Archive &ar, Self &self) {
    ar("client", self.client), ar("uid", self.uid), ar("asked", self.asked);
  }
};

struct DoorState { // the socket for users of the host, and which of the clients came by it
  Kept<S_IFSOCK> listener;
  std::vector<DoorClient> clients;

  template <class Archive, class Self> static void parts(Archive &ar, Self &self) {
    ar("listener", self.listener), ar("clients", self.clients);
  }
};

struct LandlockState { // of landlock_log.h
  Kept<S_IFSOCK> socket;
  uint64_t domain = 0;
  bool seen_call = false;
  uint32_t dropped = 0;

  template <class Archive, class Self> static void parts(Archive &ar, Self &self) {
    ar("socket", self.socket), ar("domain", self.domain), ar("seen-call", self.seen_call), ar("dropped", self.dropped);
  }
};

struct SavedState {
  std::string instance;
  Jid jid = 0;
  std::string spec;    // encode(Spec)
  uint64_t cgroup = 0; // its id
  Kept<S_IFREG> lock;
  Kept<S_IFSOCK> control; // the listening socket
  std::vector<Kept<S_IFSOCK>> clients;
  int32_t asker = -1;                // who asked for the upgrade, among clients
  std::vector<Kept<>> pace, sockbuf; // links
  Kept<> oom_event;
  AnchorState anchor;
  LifeState life;
  std::optional<LogState> log;
  std::optional<HealthState> health;
  std::vector<WatchState> watches;
  std::optional<DoorState> door;
  std::optional<LandlockState> landlock;

  template <class Archive, class Self> static void parts(Archive &ar, Self &self) {
    ar("instance", self.instance), ar("jid", self.jid), ar("spec", self.spec), ar("cgroup", self.cgroup);
    ar("lock", self.lock), ar("control", self.control), ar("clients", self.clients), ar("asker", self.asker);
    ar("pace", self.pace), ar("oom-event", self.oom_event), ar("anchor", self.anchor), ar("life", self.life);
    ar("log", self.log), ar("health", self.health), ar("watches", self.watches);
    ar("door", self.door), ar("landlock", self.landlock), ar("sockbuf", self.sockbuf);
  }
};

// What the bytes are for: to be looked at, or to be gone on with.
constexpr std::string_view kStateToCheck = "supervisor-check";
constexpr std::string_view kStateToGoOn = "supervisor-state";
constexpr size_t kMaxState = 16U << 20U;

std::string encode(const SavedState &state, std::string_view kind);
// Malformed, naming what is wrong; a state whose parts contradict each other is. Descriptors are not looked at, but
// each number stands there once and is none of the standard streams'.
Result<SavedState> decode_state(std::string_view bytes, std::string_view kind);

// The descriptors of a state, each once.
struct KeptFd {
  int *fd;
  mode_t kind;
};
std::vector<KeptFd> descriptors(SavedState &state);

} // namespace jails::supervise
