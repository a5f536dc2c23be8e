// What happened to a jail, as one value: its line in a file and what it says in words. No I/O.
#pragma once

#include "base/error.h"
#include "model/ids.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jails::journal {

enum class Kind : uint8_t {
  Create,  // registered
  Start,   // its command runs, or it stands without one
  Exit,    // its command ended, or the jail as a whole did
  Restart, // it will be started again
  Stop,    // it was taken down
  Failed,  // taken down, and given up: it ended too often
  Oom,     // the kernel killed in it, because its memory was out
  Limit,   // it reached a limit
  Denial,  // it was refused something, the first of a rule
  Health,  // its health changed
  Freeze,
  Thaw,
  Hook,    // a hook failed
  Exec,    // a user of the host, let in by a rule, runs a command in it
  Upgrade, // another program is its supervisor now
  Destroy,
};
constexpr size_t kKinds = 16;
std::string_view to_string(Kind kind);
Result<Kind> parse_kind(std::string_view text); // Usage

// Why it ended.
enum class Cause : uint8_t {
  None,
  Exited,           // by itself, with an exit status
  Signal,           // whose is not known
  Oom,              // the kernel, for want of memory
  Operator,         // somebody asked for it
  Shutdown,         // the host went down
  Health,           // its health check failed
  AnchorLost,       // its anchor ended or did not answer
  SupervisorKilled, // found dead
  StartFailed,      // it never ran
  Hook,             // a hook failed
  Limit,            // it used more than it should, and was to be restarted then
};
constexpr size_t kCauses = 12;
std::string_view to_string(Cause cause); // "exited", "supervisor-killed"

// Who asked. Nobody: program is empty.
struct Requester {
  std::string program{}; // its command line, printable, cut
  uint32_t pid = 0;
  uint32_t uid = 0;
  std::optional<uint32_t> login_uid{}; // /proc/PID/loginuid: whoever logged in, whatever became of the uid

  friend bool operator==(const Requester &, const Requester &) = default;
};

constexpr size_t kMaxText = 400; // bytes of a text; what is longer is cut

struct Event {
  Kind kind = Kind::Exit;
  uint64_t time_ms = 0; // CLOCK_REALTIME; 0: append() looks
  std::string jail{};   // a JailName
  Jid jid = 0;
  Cause cause = Cause::None;
  std::optional<int> wait_status{};   // of the command, as waitpid(2) gives it
  std::optional<uint64_t> ran_ms{};   // for how long it had run, time in suspend included
  std::optional<uint32_t> restarts{}; // since the jail came up
  std::optional<uint32_t> pid{};      // Start: of the command, on the host
  Requester by{};
  std::string boot{}; // Start: of which boot, the first 8 characters of its id
  std::string text{}; // printable

  friend bool operator==(const Event &, const Event &) = default;
};

// What every event has. (Braced lists of these make g++ 12 warn of strings that it has not initialized.)
Event event_of(Kind kind, std::string jail, Jid jid, std::string text = {});

// One line with its newline. Texts go through printable() and are cut.
std::string encode(const Event &event);
// Malformed: not a line of ours. Fields that a newer version added are passed over.
Result<Event> decode(std::string_view line); // without its newline

// "exited with status 1", "killed by signal 9 (SIGKILL)".
std::string describe_status(int wait_status);
// Why it ended, for a person: "stopped by 'jailctl stop web' (pid 12, uid 0); its command exited with status 0".
std::string describe_cause(const Event &event);
// What happened, without time, name and kind: "killed by signal 11 (SIGSEGV), after 12 s"; may be empty.
std::string describe(const Event &event);
// 1.2 s, 34 s, 5 min 6 s, 7 h 8 min, 9 d 10 h
std::string duration_text(uint64_t ms);

} // namespace jails::journal
