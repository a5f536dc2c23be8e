#include "base/quote.h"
#include "base/text.h"
#include "result.h"

#include <limits>

namespace jails {
namespace {

using Words = std::vector<std::string>;

TEST(ParseInt, WholeTokenOnly) {
  EXPECT_EQ(parse_int<uint32_t>("0"), 0U);
  EXPECT_EQ(parse_int<uint32_t>("4294967295"), 4294967295U);
  EXPECT_EQ(parse_int<int>("-5"), -5);
  EXPECT_EQ(parse_int<uint8_t>("255"), 255);
  for (auto bad : {"", " ", " 1", "1 ", "+1", "-1", "1x", "x1", "0x10", "1e3", "1.0", "4294967296", "\xd9\xa1"})
    EXPECT_EQ(parse_int<uint32_t>(bad), std::nullopt) << bad;
  EXPECT_EQ(parse_int<uint32_t>(std::string_view("1\0", 2)), std::nullopt);
  EXPECT_EQ(parse_int<uint8_t>("256"), std::nullopt);
}

TEST(Text, FieldsOfMountinfo) {
  EXPECT_EQ(unescape_octal("/srv/with\\040blank\\134\\012"), "/srv/with blank\\\n");
  EXPECT_EQ(unescape_octal("cut\\04"), "cut\\04");
  EXPECT_EQ(unescape_octal(""), "");
}

TEST(ParseSize, Units) {
  const std::vector<std::pair<std::string_view, uint64_t>> cases = {{"0", 0},
                                                                    {"512", 512},
                                                                    {"1k", 1024},
                                                                    {"64K", 65536},
                                                                    {"512M", 1U << 29},
                                                                    {"2G", 2ULL << 30},
                                                                    {"1T", 1ULL << 40},
                                                                    {"3t", 3ULL << 40},
                                                                    {"10B", 10},
                                                                    {"4KiB", 4096},
                                                                    {"4KB", 4096},
                                                                    {"18446744073709551615", UINT64_MAX},
                                                                    {"16777215T", 16777215ULL << 40}};
  for (auto [text, bytes] : cases) {
    const auto size = parse_size(text);
    ASSERT_TRUE(size) << text << ": " << error_text(size);
    EXPECT_EQ(*size, bytes) << text;
  }
}

TEST(ParseSize, Refused) {
  for (auto bad : {"", "K", "B", "iB", "-1", "+1", " 1", "1 ", "1 M", "1.5G", "1MM", "1P", "0x10", "1iB", "M1", "1BB"})
    EXPECT_EQ(error_text(parse_size(bad)),
              "size '" + std::string(bad) +
                  "': not a size, expected a number of bytes or one with K, M, G or T, like 512M");
  for (auto large : {"18446744073709551615K", "16777216T"})
    EXPECT_ERROR(parse_size(large), ErrorKind::Usage,
                 "size '" + std::string(large) +
                     "': too large, expected a number of bytes or one with K, M, G or T, like 512M");
}

TEST(Split, KeepsEmptyFields) {
  using Views = std::vector<std::string_view>;
  EXPECT_EQ(split("", ','), Views{""});
  EXPECT_EQ(split("a", ','), Views{"a"});
  EXPECT_EQ(split("a,b", ','), (Views{"a", "b"}));
  EXPECT_EQ(split(",a,,b,", ','), (Views{"", "a", "", "b", ""}));
}

TEST(Trim, BlanksAtBothEnds) {
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim(" \t\r\n\f\v"), "");
  EXPECT_EQ(trim("  a b\n"), "a b");
  EXPECT_EQ(trim("a"), "a");
}

TEST(Utf8, WellFormed) {
  for (auto good : {"", "abc", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
                    "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(valid_utf8(good)) << printable(good);
  for (auto bad : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x80\x80", "\xe0\x9f\xbf",
                   "\xe2\x82", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
                   "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xfe"})
    EXPECT_FALSE(valid_utf8(bad)) << printable(bad);
}

TEST(Printable, ShowsWhatATerminalWouldObey) {
  const std::vector<std::pair<std::string, std::string_view>> cases = {
      {"plain 'text' \\ \"x\"", "plain 'text' \\ \"x\""},
      {"\x1b[31m", "\\x1b[31m"},
      {"a\nb\r\t", "a\\x0ab\\x0d\\x09"},
      {"\x7f", "\\x7f"},
      {std::string("\0", 1), "\\x00"},
      {"\xc2\x9b", "\\xc2\\x9b"},                   // C1: CSI
      {"\xe2\x80\xae", "\\xe2\\x80\\xae"},          // U+202E right-to-left override
      {"\xe2\x81\xa6", "\\xe2\\x81\\xa6"},          // U+2066 isolate
      {"\xe2\x80\xa8", "\\xe2\\x80\\xa8"},          // U+2028 line separator
      {"\xef\xbb\xbf", "\\xef\\xbb\\xbf"},          // U+FEFF
      {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"}, // letters stay
      {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
      {"\xff\xc3", "\\xff\\xc3"}};
  for (const auto &[bytes, shown] : cases) EXPECT_EQ(printable(bytes), shown);
}

TEST(Text, WordsOfACommand) {
  const auto quoted = [](std::vector<std::string> words) { return quoted_words(words); };
  EXPECT_EQ(quoted({"sleep", "1000"}), "sleep 1000");
  EXPECT_EQ(quoted({"sh", "-c", "echo hi; exit 3"}), "sh -c 'echo hi; exit 3'");
  EXPECT_EQ(quoted({"", "it's", "a\x1b"}), "'' 'it'\\''s' a\\x1b");
  EXPECT_EQ(split_command(quoted({"", "it's", "a b", "$x"})).value(),
            (std::vector<std::string>{"", "it's", "a b", "$x"}));
}

TEST(InQuotes, CutsBetweenCharacters) {
  EXPECT_EQ(in_quotes(""), "''");
  EXPECT_EQ(in_quotes("a\x1b"), "'a\\x1b'");
  EXPECT_EQ(in_quotes(std::string(64, 'a')), "'" + std::string(64, 'a') + "'");
  EXPECT_EQ(in_quotes(std::string(65, 'a')), "'" + std::string(64, 'a') + "...'");
  EXPECT_EQ(in_quotes(std::string(63, 'a') + "\xc3\xbc" + "b"), "'" + std::string(63, 'a') + "...'");
  EXPECT_EQ(in_quotes(std::string(62, 'a') + "\xf0\x9f\x98\x80" + "b"), "'" + std::string(62, 'a') + "...'");
  EXPECT_EQ(in_quotes(std::string(100000, '\xbf')).size(), 2 + 3 + 4 * 61U); // no character at all: cut all the same
}

TEST(Nearest, BySpelling) {
  constexpr std::string_view kKnown[] = {"chroot", "suid", "ptrace"};
  EXPECT_EQ(nearest("chrot", kKnown), "chroot");
  EXPECT_EQ(nearest("ptraced", kKnown), "ptrace");
  EXPECT_EQ(nearest("sui", kKnown), "suid");
  for (std::string_view far : {std::string(), std::string("mount"), std::string(41, 'x')})
    EXPECT_EQ(nearest(far, kKnown), "");
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("prots", "ports"), 1U);
  EXPECT_EQ(edit_distance("ab", "ba"), 1U);
  EXPECT_EQ(edit_distance("abc", "cab"), 2U);
}

TEST(SplitCommand, RulesOfTheShell) {
  const std::vector<std::pair<std::string_view, Words>> cases = {
      {"", {}},
      {" \t\n ", {}},
      {"a", {"a"}},
      {"  a  b\tc\nd ", {"a", "b", "c", "d"}},
      {"'a b' \"c d\"", {"a b", "c d"}},
      {"a'b'\"c\"d", {"abcd"}},
      {"'' \"\"", {"", ""}},
      {"a\\ b", {"a b"}},
      {"\\'", {"'"}},
      {"'a\\b'", {"a\\b"}},
      {"\"a\\\"b\\\\c\\$d\\`e\"", {"a\"b\\c$d`e"}},
      {"\"a\\nb\"", {"a\\nb"}},
      {"\"it's\"", {"it's"}},
      {"'say \"x\"'", {"say \"x\""}},
      {"$HOME *.c `id` | ; & > <", {"$HOME", "*.c", "`id`", "|", ";", "&", ">", "<"}},
      {"# no comment", {"#", "no", "comment"}},
  };
  for (const auto &[line, words] : cases) {
    const auto split = split_command(line);
    ASSERT_TRUE(split) << line;
    EXPECT_EQ(*split, words) << line;
  }
}

// sh(1): inside double quotes and outside them a backslash before a newline joins the lines.
TEST(SplitCommand, BackslashNewlineJoins) {
  EXPECT_EQ(*split_command("a\\\nb"), Words{"ab"});
  EXPECT_EQ(*split_command("a \\\n b"), (Words{"a", "b"}));
  EXPECT_EQ(*split_command("\"a\\\nb\""), Words{"ab"});
  EXPECT_EQ(*split_command("'a\\\nb'"), Words{"a\\\nb"});
}

TEST(SplitCommand, Refused) {
  EXPECT_ERROR(split_command("a 'b"), ErrorKind::Usage, "command has an open ' quote");
  EXPECT_ERROR(split_command("a \"b"), ErrorKind::Usage, "command has an open \" quote");
  EXPECT_ERROR(split_command("a \"b\\\""), ErrorKind::Usage, "command has an open \" quote");
  EXPECT_ERROR(split_command("a \\"), ErrorKind::Usage, "command ends in a lone backslash");
}

std::string escaped(std::string_view bytes) {
  std::string out(kMaxEscape * bytes.size(), '\0');
  out.resize(escape_to(out.data(), bytes));
  return out;
}

TEST(Escape, ComesBackWhateverItIs) {
  const std::string all_bytes = [] {
    std::string all;
    for (int c = 0; c < 256; c++) all += static_cast<char>(c);
    return all;
  }();
  for (const std::string &bytes :
       {std::string(), std::string("plain"), all_bytes, std::string("\\x41"), std::string("\\"),
        std::string("\\\\x41\\x"), std::string("\\\x01"), std::string("C:\\dir \\n"),
        std::string(100, 'a') + "\x1b[31m" + std::string(40, '\xff'), std::string("b\xc3\xbcro \xc2\x9b")}) {
    const std::string text = escaped(bytes);
    EXPECT_EQ(unescape(text), bytes) << text;
    EXPECT_EQ(printable(text), text);
  }
  EXPECT_EQ(escaped("C:\\dir"), "C:\\dir");
  EXPECT_EQ(escaped("\\x41"), "\\x5cx41");
  EXPECT_EQ(unescape("\\xZZ \\x4 \\X41 \\x4F"), "\\xZZ \\x4 \\X41 \\x4F") << "what no escape wrote";
}

TEST(Duration, Units) {
  EXPECT_EQ(*parse_duration("90"), 90U);
  EXPECT_EQ(*parse_duration("90s"), 90U);
  EXPECT_EQ(*parse_duration("10m"), 600U);
  EXPECT_EQ(*parse_duration("2h"), 7200U);
  EXPECT_EQ(*parse_duration("7d"), 604800U);
  EXPECT_EQ(*parse_duration("1w"), 604800U);
  for (const auto *bad : {"", "m", "-1m", "1.5h", "10 m", "5000000000", "1y"})
    EXPECT_ERROR(parse_duration(bad), ErrorKind::Usage,
                 "time '" + std::string(bad) +
                     "': expected a number of seconds, or one with s, m, h, d or w, like 10m");
  for (const uint64_t seconds : {0U, 1U, 59U, 60U, 90U, 7200U, 86400U, 604800U, 691200U})
    EXPECT_EQ(*parse_duration(duration_text(seconds)), seconds);
}

TEST(Size, TextReadsBack) {
  for (const uint64_t size : {0ULL, 1ULL, 1023ULL, 1024ULL, 8ULL << 20U, 1ULL << 40U, 3ULL << 41U, 1500ULL})
    EXPECT_EQ(*parse_size(size_text(size)), size);
  EXPECT_EQ(size_text(8U << 20U), "8M");
}

} // namespace
} // namespace jails
