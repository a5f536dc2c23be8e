// What services there are: DIR/NAME, a file each, and the lines of svcmgr.conf. Pure, but for load().
#pragma once

#include "base/error.h"
#include "model/restart.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace svcmgr {

struct Service {
  std::string name{};                 // 1 to 32 of A-Z a-z 0-9 . _ -, not beginning with a dot
  std::vector<std::string> command{}; // argv; found in PATH
  std::string directory = "/";
  jails::RestartPolicy restart = jails::RestartPolicy::Always;
  uint32_t stop_grace_ms = 5000; // SIGTERM to SIGKILL

  friend bool operator==(const Service &, const Service &) = default;
};

jails::Status check_name(std::string_view name); // Usage

// "key = value" lines: command, directory, restart, stop_grace (seconds); '#' begins a comment line. Malformed
// "FILE:LINE: ...".
jails::Result<Service> parse_service(std::string_view text, std::string_view file, std::string_view name);

// "NAME COMMAND..." lines; what follows the name is for /bin/sh -c. Malformed as above.
jails::Result<std::vector<Service>> parse_list(std::string_view text, std::string_view file);

// Both, sorted by name. NotFound: neither has a service. Exists: one name twice.
jails::Result<std::vector<Service>> load(const std::string &list, const std::string &directory);

} // namespace svcmgr
