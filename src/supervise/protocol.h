// The control protocol: what jailctl and jailmgr say to a jail's supervisor over its SOCK_SEQPACKET socket, one request
// a packet. Only host root can connect (0600 below a 0700 directory).
#pragma once

#include "anchor/protocol.h"
#include "base/error.h"
#include "model/spec.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jails::supervise {

constexpr uint32_t kProtocolVersion = 4;
constexpr size_t kMaxRequest = 128 * 1024;
constexpr size_t kMaxReply = 16 * 1024;
constexpr size_t kMaxUserRequest = 64 * 1024; // of a user of the host

enum class RequestType : uint32_t {
  Exec = 1,
  Signal = 2,
  Stop = 3,
  Status = 4,
  Probe = 5,
  Limits = 6,
  Freeze = 7,
  Health = 8,
  Upgrade = 10,
};

// One descriptor is attached for each Stdio::Descriptor: pipes only, everything else is carried by the client, so that
// no file, socket or terminal of the host ever enters a jail.
struct ExecRequest {
  std::array<anchor::Stdio, 3> stdio{};
  std::string user;                     // name or uid, optionally ":group"; empty: root
  std::string directory;                // empty: "/"
  std::vector<std::string> environment; // "NAME=VALUE", over the clean default
  std::vector<std::string> command;     // empty: the user's shell
  uint32_t rows = 24, columns = 80;     // of the terminal
};

// Executes a program that the client brings (`jailctl verify`). Attached: a sealed memfd, which nobody can change and
// which leads to no file of the host, and two pipes, its standard input and output. Answered like Exec.
struct ProbeRequest {
  uint32_t uid = 0; // and gid; no other group
};

struct Request {
  RequestType type = RequestType::Status;
  ExecRequest exec;                  // Exec
  ProbeRequest probe{};              // Probe
  uint32_t signal = 0;               // Signal, for the command of this connection
  uint32_t grace_ms = 0;             // Stop: 0xffffffff is the jail's own grace
  std::vector<std::string> limits{}; // Limits: words of change_limits(); none: only asks what they are
  bool freeze = false;               // Freeze: false thaws. Answered by Status
  // Upgrade: attached is the program, open for reading, that takes the supervisor's place. It answers, by Status; when
  // it cannot, the supervisor that was there goes on, and answers by Failed.
};
constexpr uint32_t kOwnGrace = 0xffffffff;

enum class ReplyType : uint32_t {
  Terminal = 1,
  Exited = 2,
  Failed = 3,
  Stopping = 4,
  Status = 5,
  Limits = 6,
  Health = 7,
  Welcome = 8, // to a user of the host (user_clients.cpp), before anything is asked
  Streams = 9  // to him too, after Terminal: attached are the other ends of his command's pipes, one for each
               // Stdio::Descriptor; he sends none
};

struct SupervisorStatus {
  uint32_t supervisor = 0, anchor = 0, workload = 0; // pids; 0: none now
  uint32_t restarts = 0;
  uint64_t started = 0;         // time(2) of the last start of the workload
  std::string health{};         // "starting", "healthy", "unhealthy"; empty: it is not checked
  uint32_t health_failures = 0; // in a row
  std::string state;            // "running", "idle" (no command), "waiting" (back-off), "stopping", "frozen"
};

// Of one of the spec's reactions, in their order.
struct ReactionState {
  std::string use{};     // as last seen, in words; empty: not known
  uint64_t fired = 0;    // times, since the jail was started
  uint64_t fired_at = 0; // ms since 1970, the last time; 0: never
};

struct Reply {
  ReplyType type = ReplyType::Failed;
  uint32_t wait_status = 0;                      // Exited: as waitpid(2) gives it
  uint32_t kind = 0;                             // Failed: ErrorKind
  std::string text;                              // Failed
  SupervisorStatus status;                       // Status
  std::vector<std::string> limits{}, warnings{}; // Limits: all that are in force now, as words; what to know of them
  std::vector<ReactionState> reactions{};        // Limits
};

std::string encode(const Request &request);
Result<Request> decode_request(std::string_view bytes); // Malformed
// The same for a user of the host, who may ask for a command and signal it. Denied: anything else.
Result<Request> decode_user_request(std::string_view bytes);
std::string encode(const Reply &reply);
Result<Reply> decode_reply(std::string_view bytes);

std::string encode(const Spec &spec);
Result<Spec> decode_spec(std::string_view bytes); // Malformed, or what validate() says

} // namespace jails::supervise
