#include "model/log.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace jails {

// Index: facility number of RFC 5424; 12 to 15 have no name in syslog.conf(5).
static constexpr std::array<std::string_view, 24> kFacilities = {
    "kern", "user", "mail", "daemon", "auth",   "syslog", "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
    "",     "",     "",     "",       "local0", "local1", "local2", "local3", "local4", "local5", "local6",   "local7"};
static constexpr std::array<std::string_view, 8> kLevels = {"emerg",   "alert",  "crit", "err",
                                                            "warning", "notice", "info", "debug"};

template <size_t N> static int index_of(const std::array<std::string_view, N> &names, std::string_view text) {
  const auto found = std::ranges::find(names, text);
  return text.empty() || found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

Result<int> parse_facility(std::string_view text) {
  const int facility = index_of(kFacilities, text);
  if (facility >= 0) return facility;
  return fail(ErrorKind::Usage,
              "log facility " + in_quotes(text) +
                  ": expected auth, authpriv, cron, daemon, ftp, kern, lpr, mail, news, syslog, user, "
                  "uucp or local0 to local7");
}

Result<int> parse_level(std::string_view text) {
  if (text.size() == 1 && text[0] >= '0' && text[0] <= '7') return text[0] - '0';
  // The old names that syslog.conf(5) still takes.
  const std::string_view name = text == "panic" ? "emerg" : text == "error" ? "err" : text == "warn" ? "warning" : text;
  const int level = index_of(kLevels, name);
  if (level >= 0) return level;
  return fail(ErrorKind::Usage,
              "log level " + in_quotes(text) +
                  ": expected emerg, alert, crit, err, warning, notice, info, debug or a number from 0 to 7");
}

std::string_view facility_name(int facility) {
  return facility >= 0 && facility < static_cast<int>(kFacilities.size()) ? kFacilities[static_cast<size_t>(facility)]
                                                                          : std::string_view();
}

std::string_view level_name(int level) {
  return level >= 0 && level < static_cast<int>(kLevels.size()) ? kLevels[static_cast<size_t>(level)]
                                                                : std::string_view();
}

Result<std::string> parse_tag(std::string_view text) {
  constexpr size_t kMaxBytes = 63;
  const auto bad = [&](std::string_view why) {
    return fail(ErrorKind::Usage, "log tag " + in_quotes(text) + ": " + std::string(why));
  };
  std::string tag(text);
  for (char &c : tag)
    if (c == '\r' || c == '\n' || c == '\t') c = ' ';
  if (trim(tag).empty()) return bad("expected 1 to 63 characters, not only blanks");
  if (tag.size() > kMaxBytes) return bad("longer than 63 bytes");
  if (printable(tag) != tag) return bad("has control characters or is not UTF-8");
  return tag;
}

} // namespace jails
