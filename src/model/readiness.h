// When a jail that was started counts as ready, so that what depends on it may start.
#pragma once

#include "base/error.h"
#include "model/port.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

struct Readiness {
  enum class Kind : uint8_t {
    Running, // its command runs (the default)
    Port,    // something listens on one of its ports
    File,    // a file is there, seen from inside
    Command, // a command run in the jail ends with status 0
    Alive,   // its command has run for so long
    Healthy, // its health check has succeeded
  };
  Kind kind = Kind::Running;
  PortReservation port{};
  std::string file{};                 // absolute
  std::vector<std::string> command{}; // argv
  uint32_t alive_ms = 0;

  friend bool operator==(const Readiness &, const Readiness &) = default;
};

inline constexpr uint32_t kReadyTimeoutMs = 30000; // the default
inline constexpr uint32_t kReadyTimeoutMaxMs = 3600000;

// "running", "port:8080", "port:udp/53", "file:/run/ready", "command:pg_isready -q", "alive:5" (seconds), "healthy".
Result<Readiness> parse_readiness(std::string_view text);
std::string to_string(const Readiness &ready);

// For an error: "nothing listens on port 8080".
std::string missing(const Readiness &ready);

} // namespace jails
