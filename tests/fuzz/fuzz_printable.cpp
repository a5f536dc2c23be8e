// printable() gives valid UTF-8 without control characters, leaves its own output alone, and loses no plain text.
#include "base/text.h"
#include "require.h"

using namespace jails;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const auto bytes = as_text(data, size);
  const std::string shown = printable(bytes);
  REQUIRE(valid_utf8(shown));
  for (const char c : shown) REQUIRE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  REQUIRE(printable(shown) == shown);
  REQUIRE(shown.size() >= bytes.size());
  const std::string quoted = in_quotes(bytes);
  REQUIRE(quoted.size() <= 4 * 64 + 5 && valid_utf8(quoted));
  return 0;
}
