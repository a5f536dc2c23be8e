#include "model/ids.h"

#include "base/text.h"

#include <algorithm>

namespace jails {

static bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

Result<JailName> JailName::parse(std::string_view text) {
  constexpr size_t kMaxBytes = 63; // SJ_NAME_MAX
  const auto bad = [&](std::string_view why) {
    return fail(ErrorKind::Usage, "jail name " + in_quotes(text) + ": " + std::string(why));
  };
  if (text.empty()) return bad("expected 1 to 63 characters");
  if (text.size() > kMaxBytes) return bad("longer than 63 characters");
  if (!std::ranges::all_of(text, is_name_character)) return bad("expected only A-Z a-z 0-9 . _ and -");
  if (text[0] == '.' || text[0] == '-') return bad("cannot start with '.' or '-'");
  if (text.find_first_not_of("0123456789") == text.npos)
    return bad("only digits would be taken for a jid, add a letter");
  return JailName(std::string(text));
}

Result<Profile> parse_profile(std::string_view text) {
  for (auto profile : {Profile::Low, Profile::Medium, Profile::High})
    if (text == to_string(profile)) return profile;
  return fail(ErrorKind::Usage, "profile " + in_quotes(text) + ": expected low, medium or high");
}

std::string_view to_string(Profile profile) {
  switch (profile) {
  case Profile::Low: return "low";
  case Profile::Medium: return "medium";
  case Profile::High: return "high";
  }
  std::unreachable();
}

} // namespace jails
