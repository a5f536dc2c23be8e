#include "supervise/log_message.h"

#include <fmt/format.h>

namespace jails::supervise {
namespace {

// "jail=web jid=3 stdout: ", as in the original; the supervisor's own have no stream.
std::string prefix(const LogSource &from, log::Stream stream) {
  return fmt::format("jail={} jid={} {}{}", from.jail, from.jid,
                     stream == log::Stream::Jail ? "" : log::to_string(stream),
                     stream == log::Stream::Jail ? "" : ": ");
}

// APP-NAME and HOSTNAME are visible ASCII of a bounded length (RFC 5424, section 6.2).
std::string visible(std::string_view text, size_t most) {
  std::string out(text.substr(0, most));
  for (char &c : out)
    if (c <= ' ' || c > '~') c = '_';
  return out.empty() ? "-" : out;
}

} // namespace

// Section 4.1.2: local time, English month; section 5.3: the tag and the pid.
std::string rfc3164_message(const LogSource &from, log::Stream stream, int level, const timespec &time,
                            std::string_view text) {
  constexpr const char *kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  tm local{};
  localtime_r(&time.tv_sec, &local);
  return fmt::format("<{}>{} {:2} {:02}:{:02}:{:02} {}[{}]: {}{}", from.facility * 8 + level, kMonths[local.tm_mon],
                     local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, from.tag, from.pid, prefix(from, stream),
                     text);
}

// The jail is in structured data as well. 32473 is the number that RFC 5612 has for those without one of their own.
std::string rfc5424_message(const LogSource &from, log::Stream stream, int level, const timespec &time,
                            std::string_view text) {
  tm utc{};
  gmtime_r(&time.tv_sec, &utc);
  return fmt::format("<{}>1 {:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z {} {} {} {} "
                     "[jail@32473 name=\"{}\" id=\"{}\" stream=\"{}\"] {}{}",
                     from.facility * 8 + level, utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                     utc.tm_min, utc.tm_sec, time.tv_nsec / 1000, visible(from.host, 255), visible(from.tag, 48),
                     from.pid, log::to_string(stream), from.jail, from.jid, log::to_string(stream),
                     prefix(from, stream), text);
}

std::string journal_message(const LogSource &from, log::Stream stream, int level, std::string_view text) {
  return fmt::format("MESSAGE={}{}\nPRIORITY={}\nSYSLOG_FACILITY={}\nSYSLOG_IDENTIFIER={}\nSYSLOG_PID={}\n"
                     "JAIL_NAME={}\nJAIL_ID={}\nJAIL_STREAM={}\n",
                     prefix(from, stream), text, level, from.facility, from.tag, from.pid, from.jail, from.jid,
                     log::to_string(stream));
}

} // namespace jails::supervise
