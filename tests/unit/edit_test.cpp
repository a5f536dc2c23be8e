#include "config/edit.h"

#include "base/text.h"
#include "result.h"

namespace jails {
namespace {

const JailName kWeb = *JailName::parse("web");
constexpr std::string_view kRoot = "/var/jailmgr/jails/web/root";

Result<std::string> edit(std::string_view text, std::vector<std::string_view> words) {
  return edit_limits(text, "jail.toml", kWeb, kRoot, words);
}

TEST(EditLimits, OnlyTheLineOfTheLimitChanges) {
  constexpr std::string_view kText =
      "# mine\ncommand = '/bin/a'\n[limits] # of this jail\nmemory = \"512M\"   # enough\n"
      "processes = 5\n[log]\ntag = 'x'";
  EXPECT_EQ(*edit(kText, {"memory=1G"}),
            "# mine\ncommand = '/bin/a'\n[limits] # of this jail\nmemory = \"1G\"   # enough\nprocesses = 5\n[log]\n"
            "tag = 'x'");
  EXPECT_EQ(*edit(kText, {"processes=none"}), "# mine\ncommand = '/bin/a'\n[limits] # of this jail\nmemory = \"512M\" "
                                              "  # enough\n#processes = 5\n[log]\ntag = 'x'");
  EXPECT_EQ(*edit(kText, {"cpu=1.5"}), "# mine\ncommand = '/bin/a'\n[limits] # of this jail\ncpu = \"1.5\"\nmemory = "
                                       "\"512M\"   # enough\nprocesses = 5\n[log]\ntag = 'x'");
  EXPECT_EQ(*edit(kText, {"memory=512M"}), kText);
}

TEST(EditLimits, WithoutASection) {
  EXPECT_EQ(*edit("", {"files=64"}), "\n[limits]\nfiles = 64\n");
  EXPECT_EQ(*edit("command = '/bin/a'\n", {"files=64"}), "command = '/bin/a'\n\n[limits]\nfiles = 64\n");
}

TEST(EditLimits, InPlaceOfTheExample) {
  const std::string text = write_jail(default_jail(kWeb, kRoot));
  auto edited = *edit(text, {"memory=1G", "cpus=0-1"});
  EXPECT_NE(edited.find("\nmemory = \"1G\"\n"), edited.npos);
  EXPECT_EQ(edited.find("#memory ="), edited.npos);
  EXPECT_EQ(split(edited, '\n').size(), split(text, '\n').size());
  const auto back = parse_jail(edited, "jail.toml", kWeb, kRoot);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->spec.limits.memory, 1ULL << 30U);
  EXPECT_EQ(back->spec.limits.cpus, "0-1");
}

// A file that is not laid out as this edits it must come out right all the same.
TEST(EditLimits, WrittenAnewWhereALineIsNotEnough) {
  for (std::string_view text :
       {"limits = { memory = \"512M\", files = 64 }\n", "limits.memory = \"512M\"\nlimits.files = 64\n",
        "[limits]\nfiles = 64\nio_read = [\n  \"50M\",\n  \"/dev/b:1M\"\n]\nmemory = 536870912\n",
        "command = '''\n[limits]\n#memory = 1'''\n[limits]\nmemory='512M'\nfiles = 64\n"}) {
    auto wanted = *parse_jail(text, "jail.toml", kWeb, kRoot);
    ASSERT_TRUE(change_limits(wanted.spec.limits, std::array<std::string_view, 2>{"memory=1G", "io-read=7M"}));
    const auto edited = edit(text, {"memory=1G", "io-read=7M"});
    ASSERT_TRUE(edited);
    const auto back = parse_jail(*edited, "jail.toml", kWeb, kRoot);
    ASSERT_TRUE(back) << *edited;
    EXPECT_EQ(back->spec, wanted.spec) << *edited;
  }
}

TEST(EditLimits, Refused) {
  EXPECT_ERROR(
      edit("[limits]\nmemory = 5", {"memory=1G"}), ErrorKind::Malformed,
      R"(jail.toml:2: key 'limits.memory': expected a number of bytes from 1048576 to 9223372036854775807, or text like "512M")");
  EXPECT_ERROR(
      edit("", {"memory=12Q"}), ErrorKind::Usage,
      "limit 'memory': size '12Q': not a size, expected a number of bytes or one with K, M, G or T, like 512M");
}

} // namespace
} // namespace jails
