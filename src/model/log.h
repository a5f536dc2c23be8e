// Where a jail's output goes: syslog facilities and levels by name, as in syslog.conf(5), rates, and the jail's file.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

// auth authpriv cron daemon ftp kern lpr mail news syslog user uucp local0..local7 -> facility number 0..23 (RFC 5424).
Result<int> parse_facility(std::string_view text);
// emerg alert crit err warning notice info debug (also panic, error, warn) or 0..7.
Result<int> parse_level(std::string_view text);
std::string_view facility_name(int facility);
std::string_view level_name(int level);

// How records reach the host's log daemon. Auto: the journal's own protocol where its socket is, else RFC 3164.
enum class LogFormat : uint8_t { Auto, Rfc3164, Rfc5424, Journal, Off };
std::string_view to_string(LogFormat format); // auto, rfc3164, rfc5424, journal, off

inline constexpr uint64_t kLogSizeMin = 256U << 10U; // of the file: more than the supervisor writes at once
inline constexpr uint64_t kLogSizeMax = 1ULL << 40U;
inline constexpr uint64_t kLogAgeMin = 60;
inline constexpr uint64_t kLogAgeMax = 10ULL * 366 * 86400;
inline constexpr uint64_t kLogKeepMax = 100;
inline constexpr uint64_t kLogRateMax = 1ULL << 40U;

struct LogSpec {
  int facility = 3;            // daemon
  int out_level = 5;           // notice
  int err_level = 3;           // err
  std::string tag = "jailctl"; // 1 to 63 bytes; CR, LF and TAB have become blanks, no other control characters
  LogFormat syslog = LogFormat::Auto;
  uint64_t syslog_lines = 1000;      // a second, of the command, to the log daemon; 0: no limit
  uint64_t syslog_bytes = 1U << 20U; // a second; 0: no limit
  uint64_t file_size = 8U << 20U;    // from which on the file becomes NAME.log.1; 0: never
  uint64_t file_age = 0;             // seconds after its first record, likewise; 0: never
  uint64_t file_keep = 4;            // how many NAME.log.N there are at most
  bool landlock = false;             // Landlock's refusals into the host's audit log, and from there into the ledger

  friend bool operator==(const LogSpec &, const LogSpec &) = default;
};
Result<std::string> parse_tag(std::string_view text);

// The keys from `syslog` on: in jail.toml below [log], as options, and in what a supervisor is handed.
struct LogKey {
  const char *name;   // "file_size"
  const char *option; // "log-size"
  const char *arg_name, *help, *comment;
  Status (*assign)(LogSpec &to, std::string_view text); // Usage leaves it alone
  std::string (*text)(const LogSpec &of);               // what assign() takes
};
std::span<const LogKey> log_keys();
std::vector<std::string> log_words(const LogSpec &log); // "file_size=8388608": those that differ from the defaults
Status change_log(LogSpec &log, std::string_view word);

} // namespace jails
