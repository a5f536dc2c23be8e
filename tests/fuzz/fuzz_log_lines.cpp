// A stream of a jail, cut in chunks, through splitter, escape and record, gives back the same bytes; and any bytes may
// stand in a log file.
#include "base/text.h"
#include "log/line.h"
#include "log/record.h"
#include "require.h"

#include <algorithm>
#include <string>

using namespace jails;

namespace {

// The records of a stream, as a file has them; the first byte says how large the chunks are.
std::string records_of(std::string_view stream, size_t chunk) {
  std::string file;
  log::LineSplitter splitter;
  const auto emit = [&](std::string_view line, bool more) {
    REQUIRE(line.size() <= log::kMaxLine);
    char head[log::kMaxHead];
    file.append(
        head, log::write_head(
                  head, {.time_ms = 1795348805123, .level = 5, .stream = log::Stream::Out, .more = more, .text = {}}));
    std::string text(kMaxEscape * line.size(), '\0');
    text.resize(escape_to(text.data(), line));
    REQUIRE(valid_utf8(text) && printable(text) == text && unescape(text) == line);
    file.append(text).push_back('\n');
  };
  for (; !stream.empty(); stream.remove_prefix(std::min(chunk, stream.size())))
    splitter.feed(stream.substr(0, chunk), emit);
  splitter.flush(emit);
  return file;
}

std::string bytes_of(std::string_view file) {
  std::string bytes;
  while (!file.empty()) {
    const size_t end = file.find('\n');
    REQUIRE(end != file.npos);
    const auto record = log::parse_record(file.substr(0, end));
    REQUIRE(record && record->time_ms == 1795348805123 && record->level == 5 && record->stream == log::Stream::Out);
    bytes += unescape(record->text);
    if (!record->more) bytes += '\n';
    file.remove_prefix(end + 1);
  }
  return bytes;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const auto stream = as_text(data + 1, size - 1);
  const std::string file = records_of(stream, data[0] + 1U);
  REQUIRE(file == records_of(stream, SIZE_MAX));
  std::string wanted(stream);
  if (!wanted.empty() && wanted.back() != '\n') wanted += '\n';
  REQUIRE(bytes_of(file) == wanted);
  if (const auto record = log::parse_record(stream)) { // what else stands in a file
    char head[log::kMaxHead];
    const std::string again(head, log::write_head(head, *record));
    REQUIRE(stream.starts_with(again) && stream.substr(again.size()) == record->text);
  }
  (void)unescape(stream);
  return 0;
}
