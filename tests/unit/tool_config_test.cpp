#include "config/tool_config.h"
#include "result.h"

namespace jails {
namespace {

Result<ToolConfig> parse(std::string_view text) { return parse_tool(text, "jailmgr.toml"); }

TEST(ToolConfig, DefaultReadsBack) {
  EXPECT_EQ(*parse(""), ToolConfig{});
  const auto back = parse(write_tool(ToolConfig{}));
  ASSERT_TRUE(back) << error_text(back);
  EXPECT_EQ(*back, ToolConfig{});
}

TEST(ToolConfig, EveryKeyReadsBack) {
  const auto config = parse("base = \"trixie\"\nroot = \"thick\"\nprofile = \"low\"\nautostart = true\n"
                            "restart = \"never\"\nstop_grace = 0.25\n[limits]\nmemory = \"1G\"\n[log]\ntag = \"t\"");
  ASSERT_TRUE(config) << error_text(config);
  ToolConfig expected;
  expected.base = "trixie";
  expected.root = RootKind::Thick;
  expected.profile = Profile::Low;
  expected.autostart = true;
  expected.restart.policy = RestartPolicy::Never;
  expected.stop_grace_ms = 250;
  expected.limits.memory = 1ULL << 30U;
  expected.log.tag = "t";
  EXPECT_EQ(*config, expected);
  EXPECT_EQ(*parse(write_tool(expected)), expected);
}

TEST(ToolConfig, Refused) {
  EXPECT_ERROR(parse("\nroot = \"plain\""), ErrorKind::Malformed,
               "jailmgr.toml:2: key 'root': expected \"thin\" or \"thick\"; \"plain\" is set in a jail, with its path");
  EXPECT_ERROR(parse("profil = \"low\""), ErrorKind::Malformed,
               "jailmgr.toml:1: unknown key 'profil', did you mean 'profile'?");
  EXPECT_ERROR(parse("command = \"x\""), ErrorKind::Malformed, "jailmgr.toml:1: unknown key 'command'");
  EXPECT_ERROR(parse("version = 2"), ErrorKind::Malformed,
               "jailmgr.toml:1: key 'version': this file has version 2, this program reads up to 1: use a newer jails "
               "release");
  EXPECT_ERROR(
      parse("base = \"\""), ErrorKind::Malformed,
      "jailmgr.toml:1: key 'base': base '': expected 1 to 63 characters of A-Z a-z 0-9 . _ : and -, not starting "
      "with '.' or '-'");
}

TEST(ToolConfig, BecomesANewJail) {
  ToolConfig tool;
  tool.base = "trixie";
  tool.root = RootKind::Thick;
  tool.profile = Profile::Medium;
  tool.stop_grace_ms = 1;
  tool.limits.files = 7;
  const auto jail = new_jail(tool, *JailName::parse("web"), "/r/web");
  EXPECT_EQ(jail.spec.name.str(), "web");
  EXPECT_EQ(jail.spec.root, "/r/web");
  EXPECT_EQ(jail.base, "trixie");
  EXPECT_EQ(jail.root_kind, RootKind::Thick);
  EXPECT_EQ(jail.spec.profile, Profile::Medium);
  EXPECT_EQ(jail.spec.stop_grace_ms, 1U);
  EXPECT_EQ(jail.spec.limits.files, 7U);
  EXPECT_EQ(new_jail(ToolConfig{}, *JailName::parse("web"), "/r/web"), default_jail(*JailName::parse("web"), "/r/web"));
}

} // namespace
} // namespace jails
