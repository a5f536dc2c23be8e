#include "model/ids.h"
#include "result.h"

namespace jails {
namespace {

TEST(JailName, Accepted) {
  for (const std::string &name : std::vector<std::string>{"a", "web", "Web-1.example_com", "_x", "1a", "0x10", "a.",
                                                          "a-", std::string(63, 'n')}) {
    const auto parsed = JailName::parse(name);
    ASSERT_TRUE(parsed) << error_text(parsed);
    EXPECT_EQ(parsed->str(), name);
  }
}

TEST(JailName, Refused) {
  constexpr std::string_view kCharacters = "expected only A-Z a-z 0-9 . _ and -";
  constexpr std::string_view kStart = "cannot start with '.' or '-'";
  constexpr std::string_view kDigits = "only digits would be taken for a jid, add a letter";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "'': expected 1 to 63 characters"},
      {std::string(64, 'n'), "'" + std::string(64, 'n') + "': longer than 63 characters"},
      {".", "'.': " + std::string(kStart)},
      {"..", "'..': " + std::string(kStart)},
      {".hidden", "'.hidden': " + std::string(kStart)},
      {"-x", "'-x': " + std::string(kStart)},
      {"0", "'0': " + std::string(kDigits)},
      {"123", "'123': " + std::string(kDigits)},
      {"a/b", "'a/b': " + std::string(kCharacters)},
      {"a b", "'a b': " + std::string(kCharacters)},
      {"a\n", "'a\\x0a': " + std::string(kCharacters)},
      {std::string("a\0b", 3), "'a\\x00b': " + std::string(kCharacters)},
      {"gr\xc3\xbcn", "'gr\xc3\xbcn': " + std::string(kCharacters)},
      {"\x1b[2J", "'\\x1b[2J': " + std::string(kCharacters)}};
  for (const auto &[name, text] : cases) EXPECT_ERROR(JailName::parse(name), ErrorKind::Usage, "jail name " + text);
}

TEST(JailName, Order) {
  EXPECT_EQ(*JailName::parse("a"), *JailName::parse("a"));
  EXPECT_LT(*JailName::parse("a"), *JailName::parse("b"));
}

TEST(Profile, ByName) {
  for (auto profile : {Profile::Low, Profile::Medium, Profile::High})
    EXPECT_EQ(*parse_profile(to_string(profile)), profile);
  for (auto bad : {"", "HIGH", "hi", "high ", "2", "none"})
    EXPECT_ERROR(parse_profile(bad), ErrorKind::Usage,
                 "profile '" + std::string(bad) + "': expected low, medium or high");
}

} // namespace
} // namespace jails
