#include "log/record.h"

#include "base/text.h"
#include "model/log.h"

#include <algorithm>
#include <cstring>
#include <ctime>

namespace jails::log {
namespace {

// The last `width` digits of number.
void put_digits(char *to, size_t width, int64_t number) {
  for (size_t i = width; i > 0; i--, number /= 10) to[i - 1] = static_cast<char>('0' + number % 10);
}

void write_time(char *to, int64_t ms) {
  const time_t seconds = ms / 1000;
  tm utc{};
  gmtime_r(&seconds, &utc);
  memcpy(to, "0000-00-00T00:00:00.000Z", kTimeSize);
  put_digits(to, 4, utc.tm_year + 1900);
  put_digits(to + 5, 2, utc.tm_mon + 1);
  put_digits(to + 8, 2, utc.tm_mday);
  put_digits(to + 11, 2, utc.tm_hour);
  put_digits(to + 14, 2, utc.tm_min);
  put_digits(to + 17, 2, utc.tm_sec);
  put_digits(to + 20, 3, ms % 1000);
}

std::string_view take_word(std::string_view &line, char end) {
  const size_t at = line.find(end);
  const auto word = line.substr(0, at);
  line.remove_prefix(at == line.npos ? line.size() : at + 1);
  return word;
}

std::optional<Stream> stream_of(std::string_view word) {
  for (const auto stream : {Stream::Out, Stream::Err, Stream::Jail})
    if (word == to_string(stream)) return stream;
  return std::nullopt;
}

} // namespace

std::string_view to_string(Stream stream) {
  switch (stream) {
  case Stream::Out: return "stdout";
  case Stream::Err: return "stderr";
  case Stream::Jail: return "jail";
  }
  return "";
}

size_t write_head(char *to, const Record &record) {
  size_t used = kTimeSize;
  write_time(to, record.time_ms);
  const auto put = [&](std::string_view text) {
    memcpy(to + used, text.data(), text.size());
    used += text.size();
  };
  put(" ");
  put(level_name(record.level));
  put(" ");
  put(to_string(record.stream));
  put(record.more ? "+: " : ": ");
  return used;
}

std::optional<int64_t> parse_time(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd.dddZ";
  if (text.size() != kTimeSize) return std::nullopt;
  for (size_t i = 0; i < kTimeSize; i++)
    if (kForm[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != kForm[i]) return std::nullopt;
  const auto number = [&](size_t at, size_t width) { return *parse_int<int>(text.substr(at, width)); };
  tm utc{};
  utc.tm_year = number(0, 4) - 1900;
  utc.tm_mon = number(5, 2) - 1;
  utc.tm_mday = number(8, 2);
  utc.tm_hour = number(11, 2);
  utc.tm_min = number(14, 2);
  utc.tm_sec = number(17, 2);
  const tm asked = utc;
  const time_t seconds = timegm(&utc);
  // timegm(3) makes the 31st of February a day in March; the time is not one that write_time() wrote.
  if (seconds < 0 || utc.tm_mon != asked.tm_mon || utc.tm_mday != asked.tm_mday || utc.tm_hour != asked.tm_hour ||
      utc.tm_min != asked.tm_min || utc.tm_sec != asked.tm_sec)
    return std::nullopt;
  return seconds * 1000 + number(20, 3);
}

std::optional<Record> parse_record(std::string_view line) {
  Record record;
  const auto time = parse_time(take_word(line, ' '));
  const auto level = take_word(line, ' ');
  auto stream = take_word(line, ':');
  if (!time || line.empty() || line[0] != ' ') return std::nullopt;
  record.more = stream.ends_with('+');
  if (record.more) stream.remove_suffix(1);
  const auto known = stream_of(stream);
  const auto number = parse_level(level);
  // parse_level() takes more spellings than are written.
  if (!known || !number || level_name(*number) != level) return std::nullopt;
  record.time_ms = *time;
  record.level = *number;
  record.stream = *known;
  record.text = line.substr(1);
  return record;
}

} // namespace jails::log
