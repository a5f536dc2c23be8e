// Names and numbers that identify a jail. Pure values.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace jails {

using Jid = uint32_t; // 0 is the host; jails count from 1 and a jid is never reused while the model is loaded

// A jail's name: 1 to 63 bytes of [A-Za-z0-9._-], not "." or "..", not starting with "-" or ".", not digits only (those
// select a jail by jid). A JailName that exists is valid.
class JailName {
public:
  static Result<JailName> parse(std::string_view text); // Usage: what is wrong with it

  [[nodiscard]] const std::string &str() const { return name_; }
  friend bool operator==(const JailName &, const JailName &) = default;
  friend auto operator<=>(const JailName &, const JailName &) = default;

private:
  explicit JailName(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

enum class Profile : uint8_t { Low = 0, Medium = 1, High = 2 }; // values of enum sj_profile

Result<Profile> parse_profile(std::string_view text);
std::string_view to_string(Profile profile);

} // namespace jails
