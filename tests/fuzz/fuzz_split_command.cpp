// Words that split_command() gives, each in single quotes, split into the same words; nothing is made up.
#include "base/text.h"
#include "require.h"

using namespace jails;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const auto line = as_text(data, size);
  const auto words = split_command(line);
  if (!words) return 0;
  std::string quoted;
  size_t bytes = 0;
  for (const auto &word : *words) {
    bytes += word.size();
    quoted += " '";
    for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
    quoted += "'";
  }
  REQUIRE(bytes <= line.size());
  const auto again = split_command(quoted);
  REQUIRE(again && *again == *words);
  return 0;
}
