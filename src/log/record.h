// A line of a jail's log file, jail-log(5):
//   2026-11-22T12:00:00.123Z notice stdout: what it wrote
// The text is escape()d, so that a record is one line of printable UTF-8 and gives back the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace jails::log {

enum class Stream : uint8_t { Out, Err, Jail }; // Jail: what the supervisor has to say of the jail
std::string_view to_string(Stream stream);      // "stdout", "stderr", "jail"

struct Record {
  int64_t time_ms = 0; // CLOCK_REALTIME
  int level = 0;       // 0 to 7, as in syslog(3)
  Stream stream = Stream::Out;
  bool more = false; // "stdout+": the line was too long, and goes on in the stream's next record
  std::string_view text{};

  friend bool operator==(const Record &, const Record &) = default;
};

constexpr size_t kMaxHead = 64;
// All before the text, the blank included. Returns how many of the kMaxHead bytes at `to` were used. Years 1970 to
// 9999.
size_t write_head(char *to, const Record &record);

// A line without its newline; the text is a view into it. Nothing: not a record.
std::optional<Record> parse_record(std::string_view line);

constexpr size_t kTimeSize = 24; // "2026-11-22T12:00:00.123Z"
std::optional<int64_t> parse_time(std::string_view text);

} // namespace jails::log
