#include "model/log.h"
#include "result.h"

#include <syslog.h>

namespace jails {
namespace {

TEST(Facility, NumbersAreThoseOfSyslog) {
  const std::vector<std::pair<std::string_view, int>> cases = {
      {"auth", LOG_AUTH},     {"authpriv", LOG_AUTHPRIV}, {"cron", LOG_CRON},     {"daemon", LOG_DAEMON},
      {"ftp", LOG_FTP},       {"kern", LOG_KERN},         {"lpr", LOG_LPR},       {"mail", LOG_MAIL},
      {"news", LOG_NEWS},     {"syslog", LOG_SYSLOG},     {"user", LOG_USER},     {"uucp", LOG_UUCP},
      {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1},     {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3},
      {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5},     {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7}};
  for (auto [name, value] : cases) {
    ASSERT_TRUE(parse_facility(name)) << name;
    EXPECT_EQ(*parse_facility(name), LOG_FAC(value)) << name;
    EXPECT_EQ(facility_name(LOG_FAC(value)), name);
  }
}

TEST(Facility, Refused) {
  for (auto bad : {"", "DAEMON", "local8", "daemon ", "3", "security"})
    EXPECT_ERROR(parse_facility(bad), ErrorKind::Usage,
                 "log facility '" + std::string(bad) +
                     "': expected auth, authpriv, cron, daemon, ftp, kern, lpr, mail, news, syslog, user, uucp or "
                     "local0 to local7");
  for (int none : {-1, 12, 15, 24, 1000}) EXPECT_EQ(facility_name(none), "") << none;
}

TEST(Level, NumbersAreThoseOfSyslog) {
  const std::vector<std::pair<std::string_view, int>> cases = {
      {"emerg", LOG_EMERG}, {"panic", LOG_EMERG},     {"alert", LOG_ALERT},  {"crit", LOG_CRIT},     {"err", LOG_ERR},
      {"error", LOG_ERR},   {"warning", LOG_WARNING}, {"warn", LOG_WARNING}, {"notice", LOG_NOTICE}, {"info", LOG_INFO},
      {"debug", LOG_DEBUG}, {"0", LOG_EMERG},         {"7", LOG_DEBUG}};
  for (auto [name, value] : cases) {
    ASSERT_TRUE(parse_level(name)) << name;
    EXPECT_EQ(*parse_level(name), value) << name;
  }
  for (int level = 0; level <= 7; level++) EXPECT_EQ(*parse_level(level_name(level)), level);
}

TEST(Level, Refused) {
  for (auto bad : {"", "8", "-1", "00", "3 ", "Notice", "verbose"})
    EXPECT_ERROR(parse_level(bad), ErrorKind::Usage,
                 "log level '" + std::string(bad) +
                     "': expected emerg, alert, crit, err, warning, notice, info, debug or a number from 0 to 7");
  for (int none : {-1, 8}) EXPECT_EQ(level_name(none), "") << none;
}

TEST(Tag, LineBreaksBecomeBlanks) {
  EXPECT_EQ(*parse_tag("web"), "web");
  EXPECT_EQ(*parse_tag("a\tb\r\nc"), "a b  c");
  EXPECT_EQ(*parse_tag("b\xc3\xbcro"), "b\xc3\xbcro");
  EXPECT_EQ(*parse_tag(std::string(63, 't')), std::string(63, 't'));
}

TEST(Tag, Refused) {
  EXPECT_ERROR(parse_tag(""), ErrorKind::Usage, "log tag '': expected 1 to 63 characters, not only blanks");
  EXPECT_ERROR(parse_tag(" \n"), ErrorKind::Usage, "log tag ' \\x0a': expected 1 to 63 characters, not only blanks");
  EXPECT_ERROR(parse_tag(std::string(64, 't')), ErrorKind::Usage,
               "log tag '" + std::string(64, 't') + "': longer than 63 bytes");
  for (std::string bad : {std::string("a\x1b"), std::string("a\0b", 3), std::string("\xff"), std::string("\xc2\x85")})
    EXPECT_TRUE(error_text(parse_tag(bad)).ends_with("': has control characters or is not UTF-8")) << bad;
}

TEST(LogKeys, WordsComeBack) {
  LogSpec log;
  EXPECT_TRUE(log_words(log).empty());
  for (const auto *word : {"syslog=rfc5424", "syslog_lines=5", "syslog_bytes=64K", "file_size=1M", "file_age=7d",
                           "file_keep=0", "landlock=audit"})
    EXPECT_TRUE(change_log(log, word));
  LogSpec again;
  for (const auto &word : log_words(log)) EXPECT_TRUE(change_log(again, word));
  EXPECT_EQ(again, log);
  EXPECT_EQ(log.file_age, 604800U);
  EXPECT_TRUE(log.landlock);
  for (const auto *word : {"file_size=0", "file_age=0", "syslog_lines=0", "syslog=off", "landlock=off"})
    EXPECT_TRUE(change_log(log, word));
}

TEST(LogKeys, Refused) {
  LogSpec log;
  EXPECT_ERROR(change_log(log, "syslog=x"), ErrorKind::Usage,
               "log syslog: 'x': expected \"auto\", \"rfc3164\", \"rfc5424\", \"journal\" or \"off\"");
  EXPECT_ERROR(change_log(log, "file_size=1K"), ErrorKind::Usage,
               "log file_size: '1K': expected 256K to 1T, or 0 for never");
  EXPECT_ERROR(change_log(log, "file_age=5"), ErrorKind::Usage,
               "log file_age: '5': expected 1m to 3660d, or 0 for never");
  EXPECT_ERROR(change_log(log, "file_keep=101"), ErrorKind::Usage,
               "log file_keep: '101': expected a number from 0 to 100");
  EXPECT_ERROR(change_log(log, "landlock=true"), ErrorKind::Usage,
               "log landlock: 'true': expected \"off\" or \"audit\"");
  EXPECT_ERROR(change_log(log, "colour=1"), ErrorKind::Usage, "log 'colour=1': not known");
  EXPECT_EQ(log, LogSpec());
}

} // namespace
} // namespace jails
