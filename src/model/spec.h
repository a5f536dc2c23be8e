// What a jail is to be: the one value that the command line and the configuration file become, and that a start works
// from. A Spec that validate() accepts can be handed to the kernel; nothing here does I/O.
#pragma once

#include "base/error.h"
#include "model/exec_rule.h"
#include "model/health.h"
#include "model/hooks.h"
#include "model/ids.h"
#include "model/limits.h"
#include "model/log.h"
#include "model/net.h"
#include "model/permissions.h"
#include "model/port.h"
#include "model/reaction.h"
#include "model/restart.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

// A host directory shown inside the jail. source is absolute and clean; target is absolute, clean, never "/".
struct Bind {
  std::string source{};
  std::string target{};
  bool read_only = true;

  friend bool operator==(const Bind &, const Bind &) = default;
};

inline constexpr size_t kRootPathMax = 255;  // SJ_ROOT_MAX
inline constexpr size_t kBindPathMax = 4095; // PATH_MAX without its NUL
inline constexpr uint32_t kStopGraceMaxMs = 3600000;

struct Spec {
  JailName name;
  std::string root{};  // absolute, clean, not "/", at most 255 bytes
  std::string image{}; // absolute; a file whose file system is the root's place, see launch/disk.h; empty: none
  Profile profile = Profile::High;
  Permissions permissions{}; // on top of the profile
  std::vector<PortReservation> ports{};
  NetSpec net{};
  Limits limits{};
  std::vector<Reaction> reactions{}; // at most kReactionsMax
  std::vector<Bind> binds{};
  std::vector<std::string> command{}; // argv of the supervised command; empty: none
  Restart restart{};
  uint32_t stop_grace_ms = 5000; // SIGTERM to cgroup kill
  LogSpec log{};
  HealthSpec health{};
  HookSpec hooks{};
  std::vector<ExecRule> exec_rules{}; // the first that fits counts; at most kExecRulesMax
  std::string hostname{};             // empty: the jail's name; 1 to 64 of [A-Za-z0-9._-]

  friend bool operator==(const Spec &, const Spec &) = default;
};

// Everything else at its default. (A braced list of fewer members draws a warning that this tree makes an error.)
Spec default_spec(JailName name, std::string root);

bool is_at_or_below(std::string_view path, std::string_view top); // of clean paths
// What the host runs as its root for a jail: an absolute path, and not one that the jail could change. Usage.
Status check_host_program(std::string_view what, const std::string &program, std::string_view root);

// Absolute, no empty, "." or ".." component, no NUL or control character, valid UTF-8, at most `max` bytes, not "/".
// `what` names the value in the error.
Status check_path(std::string_view what, std::string_view path, size_t max);

Status check_hostname(std::string_view hostname);
Status check_command(const std::vector<std::string> &command); // empty is fine; no NUL, what execve(2) takes
Status check_bind(const Bind &bind); // target not at or below /dev, /proc, /sys: the jail's own mounts stand there

// The rules that join fields: quota and period only together, ports not twice, targets distinct, lengths.
Status validate(const Spec &spec);

} // namespace jails
