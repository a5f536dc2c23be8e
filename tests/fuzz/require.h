// A property that does not hold ends the run; libFuzzer then writes the input down.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>

#define REQUIRE(condition)                                                                                             \
  do {                                                                                                                 \
    if (!(condition)) abort();                                                                                         \
  } while (false)

inline std::string_view as_text(const uint8_t *data, size_t size) {
  return {reinterpret_cast<const char *>(data), size};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
