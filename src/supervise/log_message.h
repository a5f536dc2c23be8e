// Records for the host's log daemon as bytes: RFC 3164, RFC 5424, and systemd's own protocol (one text field a line).
#pragma once

#include "log/line.h"
#include "log/record.h"
#include "model/ids.h"
#include "model/log.h"

#include <ctime>
#include <string>
#include <string_view>

namespace jails::supervise {

struct LogSource {
  std::string jail;
  Jid jid = 0;
  int facility = 0;
  std::string tag;
  std::string host; // for RFC 5424
  int pid = 0;
};

// text: escaped already, without a newline. time: CLOCK_REALTIME.
std::string rfc3164_message(const LogSource &from, log::Stream stream, int level, const timespec &time,
                            std::string_view text);
std::string rfc5424_message(const LogSource &from, log::Stream stream, int level, const timespec &time,
                            std::string_view text);
std::string journal_message(const LogSource &from, log::Stream stream, int level, std::string_view text);

} // namespace jails::supervise
