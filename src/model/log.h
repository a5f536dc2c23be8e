// Syslog facilities and levels by name, as in syslog.conf(5).
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>

namespace jails {

// auth authpriv cron daemon ftp kern lpr mail news syslog user uucp local0..local7 -> facility number 0..23 (RFC 5424).
Result<int> parse_facility(std::string_view text);
// emerg alert crit err warning notice info debug (also panic, error, warn) or 0..7.
Result<int> parse_level(std::string_view text);
std::string_view facility_name(int facility);
std::string_view level_name(int level);

struct LogSpec {
  int facility = 3;            // daemon
  int out_level = 5;           // notice
  int err_level = 3;           // err
  std::string tag = "jailctl"; // 1 to 63 bytes; CR, LF and TAB have become blanks, no other control characters

  friend bool operator==(const LogSpec &, const LogSpec &) = default;
};
Result<std::string> parse_tag(std::string_view text);

} // namespace jails
