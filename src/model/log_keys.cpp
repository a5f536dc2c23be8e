#include "base/text.h"
#include "model/log.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails {
namespace {

constexpr LogFormat kFormats[] = {LogFormat::Auto, LogFormat::Rfc3164, LogFormat::Rfc5424, LogFormat::Journal,
                                  LogFormat::Off};

using Field = uint64_t LogSpec::*;

Status in_range(uint64_t &to, Result<uint64_t> value, std::string_view text, uint64_t low, uint64_t high,
                std::string_view range) {
  const uint64_t number = TRY(std::move(value));
  if (number != 0 && (number < low || number > high))
    return fail(ErrorKind::Usage, fmt::format("{}: expected {}", in_quotes(text), range));
  to = number;
  return {};
}

template <Field F> Status assign_rate(LogSpec &to, std::string_view text) {
  return in_range(to.*F, parse_size(text), text, 1, kLogRateMax, "at most 1T, or 0 for no limit");
}
template <Field F> std::string size_of(const LogSpec &of) { return size_text(of.*F); }

constexpr LogKey kKeys[] = {
    {"syslog", "syslog", "FORMAT", "how records reach the host's log: auto (default), rfc3164, rfc5424, journal, off",
     "How records reach the host's log daemon: \"rfc3164\" or \"rfc5424\" to /dev/log, \"journal\" in systemd's own\n"
     "protocol, \"auto\" (the journal where it is, else rfc3164), \"off\". Default: \"auto\".",
     [](LogSpec &to, std::string_view text) -> Status {
       const auto *const found = std::ranges::find(kFormats, text, [](LogFormat format) { return to_string(format); });
       if (found == std::end(kFormats))
         return fail(ErrorKind::Usage,
                     in_quotes(text) + ": expected \"auto\", \"rfc3164\", \"rfc5424\", \"journal\" or \"off\"");
       to.syslog = *found;
       return {};
     },
     [](const LogSpec &of) { return std::string(to_string(of.syslog)); }},
    {"syslog_lines", "syslog-lines", "N", "lines a second to the host's log (default 1000; 0: no limit)",
     "Lines a second of the command that go there; what is more is counted, and only in the jail's file.\n"
     "0: no limit. Default: 1000.",
     assign_rate<&LogSpec::syslog_lines>, [](const LogSpec &of) { return std::to_string(of.syslog_lines); }},
    {"syslog_bytes", "syslog-bytes", "SIZE", "bytes a second to the host's log (default 1M; 0: no limit)",
     "Bytes a second, likewise. 0: no limit. Default: \"1M\".", assign_rate<&LogSpec::syslog_bytes>,
     size_of<&LogSpec::syslog_bytes>},
    {"file_size", "log-size", "SIZE", "size at which the jail's log file is turned over (default 8M; 0: never)",
     "Size at which the jail's log file becomes NAME.log.1, at least 256K. 0: never, for logrotate(8).\n"
     "Default: \"8M\".",
     [](LogSpec &to, std::string_view text) {
       return in_range(to.file_size, parse_size(text), text, kLogSizeMin, kLogSizeMax, "256K to 1T, or 0 for never");
     },
     size_of<&LogSpec::file_size>},
    {"file_age", "log-age", "TIME", "age at which it is, like 12h or 1d (default 0: never)",
     "Age of its first record at which it does, like \"12h\" or \"7d\". 0: never. Default: 0.",
     [](LogSpec &to, std::string_view text) {
       return in_range(to.file_age, parse_duration(text), text, kLogAgeMin, kLogAgeMax, "1m to 3660d, or 0 for never");
     },
     [](const LogSpec &of) { return duration_text(of.file_age); }},
    {"file_keep", "log-keep", "N", "how many files that were turned over are kept, 0 to 100 (default 4)",
     "How many files that were turned over are kept, 0 to 100. Default: 4.",
     [](LogSpec &to, std::string_view text) -> Status {
       const auto keep = parse_int<uint64_t>(text);
       if (!keep || *keep > kLogKeepMax)
         return fail(ErrorKind::Usage, in_quotes(text) + ": expected a number from 0 to 100");
       to.file_keep = *keep;
       return {};
     },
     [](const LogSpec &of) { return std::to_string(of.file_keep); }},
    {"landlock", "log-landlock", "WHERE", "where it is told what Landlock refuses: off (default), audit",
     "Where it is told what Landlock refuses: signals, ptrace, abstract sockets out of the jail. \"audit\": in the\n"
     "host's audit log, which the jail can then fill, and from there in 'jailctl why'. Default: \"off\".",
     [](LogSpec &to, std::string_view text) -> Status {
       if (text != "off" && text != "audit")
         return fail(ErrorKind::Usage, in_quotes(text) + ": expected \"off\" or \"audit\"");
       to.landlock = text == "audit";
       return {};
     },
     [](const LogSpec &of) { return std::string(of.landlock ? "audit" : "off"); }},
};

} // namespace

std::string_view to_string(LogFormat format) {
  switch (format) {
  case LogFormat::Auto: return "auto";
  case LogFormat::Rfc3164: return "rfc3164";
  case LogFormat::Rfc5424: return "rfc5424";
  case LogFormat::Journal: return "journal";
  case LogFormat::Off: return "off";
  }
  return "";
}

std::span<const LogKey> log_keys() { return kKeys; }

std::vector<std::string> log_words(const LogSpec &log) {
  const LogSpec defaults;
  std::vector<std::string> words;
  for (const auto &key : kKeys)
    if (const auto text = key.text(log); text != key.text(defaults))
      words.push_back(fmt::format("{}={}", key.name, text));
  return words;
}

Status change_log(LogSpec &log, std::string_view word) {
  const auto at = word.find('=');
  const auto *const key = std::ranges::find(kKeys, word.substr(0, at), [](const LogKey &one) { return one.name; });
  if (key == std::end(kKeys) || at == word.npos)
    return fail(ErrorKind::Usage, "log " + in_quotes(word) + ": not known");
  TRY_IN(fmt::format("log {}", key->name), key->assign(log, word.substr(at + 1)));
  return {};
}

} // namespace jails
