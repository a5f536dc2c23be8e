// What the tables of these tests compare: a Result's error, as text.
#pragma once

#include "base/error.h"

#include <gtest/gtest.h>
#include <string>

namespace jails {

inline std::string error_text(const auto &result) { return result ? std::string("(no error)") : result.error().text(); }

// A macro, so that a failure shows the line of the test.
#define EXPECT_ERROR(result, error_kind, expected_text)                                                                \
  do {                                                                                                                 \
    const auto &checked_result = (result);                                                                             \
    EXPECT_EQ(::jails::error_text(checked_result), expected_text);                                                     \
    if (!checked_result) {                                                                                             \
      EXPECT_EQ(checked_result.error().kind(), error_kind);                                                            \
    }                                                                                                                  \
  } while (false)

} // namespace jails
