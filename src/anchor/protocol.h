// What supervisor and anchor say to each other over a SOCK_SEQPACKET pair. The anchor is freestanding, so: plain
// structs, no library. To the supervisor everything that comes from the anchor is untrusted: a jail's root may own the
// anchor.
#pragma once

#include <cstdint>

namespace jails::anchor {

constexpr uint32_t kMaxAnchorMessage = 160 * 1024; // below the default socket buffer (net.core.wmem_default)
constexpr uint32_t kMaxGroups = 32;
constexpr int kAnchorChannel = 3; // descriptor of the channel in the anchor
// What the filter answers a refused call whose sixth argument is the launch's number (launch/filter.h): MAX_ERRNO,
// which no system call returns.
constexpr int kTried = 4095;

enum class ToAnchor : uint32_t { Check = 1, Spawn = 2 };
enum class FromAnchor : uint32_t { Checked = 1, Spawned = 2, SpawnFailed = 3 };

// The first message. The anchor tries what must not work and answers with what held.
struct CheckRequest {
  ToAnchor type;
  uint32_t outsider;     // pid of a process outside the jail: the supervisor
  uint32_t probe_port;   // a UDP port that this jail does not own; 0: do not try
  uint32_t call_port;    // a port of 169.254.255.254 that this jail may not call; 0: do not try
  uint64_t permissions;  // in force; the call of each other one (abi/permissions.h) must be refused
  uint64_t number;       // sixth argument of what is tried (launch/filter.h), and of the anchor's clone(2) later
  uint32_t has_listener; // 0: the filter has none, and answers what is tried as its table says
};

// Guards, as bits. Set: the forbidden act was tried and refused, or the state was read and is right.
enum Guard : uint32_t {
  kGuardSeccomp = 1U << 0,      // prctl(PR_GET_SECCOMP) is 2
  kGuardSignal = 1U << 1,       // kill(outsider, 0): EPERM
  kGuardHidepid = 1U << 2,      // /proc/OUTSIDER does not exist
  kGuardMount = 1U << 3,        // mount(tmpfs): EPERM
  kGuardNoNewPrivs = 1U << 4,   // prctl(PR_GET_NO_NEW_PRIVS) is 1
  kGuardPorts = 1U << 5,        // bind of a foreign port: EPERM
  kGuardKeyring = 1U << 6,      // add_key with a bad pointer: refused by the filter, not EFAULT
  kGuardProcReadOnly = 1U << 7, // /proc/sys cannot be opened for writing
  kGuardCalls = 1U << 8         // connect of a datagram socket (sends nothing) to call_port: EPERM
};

struct CheckReply {
  FromAnchor type;
  uint32_t held;    // Guard bits
  uint64_t refused; // bit N: the probe call of row N of sj_permissions was refused as its row says
  uint64_t bounding, effective, permitted, inheritable, ambient;
};

enum class Stdio : uint32_t { Null = 0, Descriptor = 1, Terminal = 2 };

// Followed by NUL-terminated strings: working directory, argc arguments, envc environment entries. Descriptors
// attached: the status pipe, then one for each Stdio::Descriptor in order, then the terminal if any slot is Terminal,
// then the program if it is attached.
struct SpawnRequest {
  ToAnchor type;
  uint32_t id;
  uint32_t argc, envc;
  uint32_t uid, gid;
  uint32_t group_count;
  uint32_t groups[kMaxGroups];
  Stdio stdio[3];
  uint32_t program; // 1: what is executed is the attached descriptor, and not a file of the jail
};

struct SpawnReply {
  FromAnchor type; // Spawned or SpawnFailed
  uint32_t id;
  int32_t value; // pid, or errno
};

// What a spawned child writes into the status pipe when it cannot get as far as its program. Nothing and EOF: exec
// happened.
enum class SpawnStep : uint32_t { Setup = 1, Terminal = 2, Directory = 3, Identity = 4, Exec = 5 };
struct SpawnFailure {
  SpawnStep step;
  int32_t error;
};

} // namespace jails::anchor
