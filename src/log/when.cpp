#include "log/when.h"

#include "base/text.h"

#include <cmath>
#include <ctime>
#include <optional>

namespace jails::log {
namespace {

// "12:30" or "12:30:15.250" into `to`; the milliseconds are returned.
std::optional<int64_t> clock_time(std::string_view text, tm &to) {
  const auto parts = split(text, ':');
  if (parts.size() < 2 || parts.size() > 3 || parts[0].size() != 2 || parts[1].size() != 2) return std::nullopt;
  const auto hour = parse_int<unsigned>(parts[0]);
  const auto minute = parse_int<unsigned>(parts[1]);
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  to.tm_hour = static_cast<int>(*hour);
  to.tm_min = static_cast<int>(*minute);
  to.tm_sec = 0;
  if (parts.size() == 2) return 0;
  const auto second = parse_int<unsigned>(parts[2].substr(0, 2));
  auto fraction = parts[2].substr(std::min<size_t>(2, parts[2].size()));
  if (!second || *second > 60 || parts[2].size() < 2) return std::nullopt;
  to.tm_sec = static_cast<int>(*second);
  if (fraction.empty()) return 0;
  if (fraction[0] != '.' || fraction.size() < 2 || fraction.size() > 10) return std::nullopt;
  fraction.remove_prefix(1);
  const auto digits = parse_int<uint64_t>(fraction);
  if (!digits) return std::nullopt;
  return static_cast<int64_t>(static_cast<double>(*digits) * 1000 / std::pow(10, fraction.size()));
}

bool date(std::string_view text, tm &to) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto year = parse_int<unsigned>(text.substr(0, 4));
  const auto month = parse_int<unsigned>(text.substr(5, 2));
  const auto day = parse_int<unsigned>(text.substr(8, 2));
  if (!year || !month || !day || *year < 1970 || *month < 1 || *month > 12 || *day < 1 || *day > 31) return false;
  to.tm_year = static_cast<int>(*year) - 1900;
  to.tm_mon = static_cast<int>(*month) - 1;
  to.tm_mday = static_cast<int>(*day);
  to.tm_hour = to.tm_min = to.tm_sec = 0;
  return true;
}

std::optional<int64_t> absolute(std::string_view text, int64_t now_ms) {
  const bool utc = text.ends_with('Z');
  if (utc) text.remove_suffix(1);
  const time_t now = now_ms / 1000;
  tm when{};
  if (utc)
    gmtime_r(&now, &when);
  else
    localtime_r(&now, &when);
  const bool dated = text.size() >= 10;
  if (dated && !date(text.substr(0, 10), when)) return std::nullopt;
  int64_t ms = 0;
  if (dated && text.size() > 10 && text[10] != ' ' && text[10] != 'T') return std::nullopt;
  if (!dated || text.size() > 10) {
    const auto rest = clock_time(dated ? text.substr(11) : text, when);
    if (!rest) return std::nullopt;
    ms = *rest;
  }
  const int day = when.tm_mday;
  when.tm_isdst = -1;
  const time_t seconds = utc ? timegm(&when) : mktime(&when);
  if (when.tm_mday != day) return std::nullopt; // the 31st of a shorter month
  return seconds * 1000 + ms;
}

} // namespace

Result<int64_t> parse_when(std::string_view text, int64_t now_ms) {
  if (text == "now") return now_ms;
  if (const auto ago = parse_duration(text)) return now_ms - static_cast<int64_t>(*ago) * 1000;
  if (const auto when = absolute(text, now_ms)) return *when;
  return fail(ErrorKind::Usage, in_quotes(text) + ": expected how long ago, like 10m, 2h or 7d, or a time, like 12:30, "
                                                  "2026-11-22 or '2026-11-22 12:30:15'");
}

} // namespace jails::log
