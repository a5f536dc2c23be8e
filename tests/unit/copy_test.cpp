#include "config/copy.h"

#include "base/text.h"
#include "result.h"

namespace jails {
namespace {

const JailName kWeb = *JailName::parse("web");
const JailName kDb = *JailName::parse("db");
const JailName kCopy = *JailName::parse("copy");
constexpr std::string_view kRoot = "/var/jailmgr/jails/copy/root";

Result<std::string> copy(std::string_view text, std::string_view ports = "", std::string root = "") {
  CopyOptions options{.ports = {}, .root = std::move(root)};
  EXPECT_TRUE(ports.empty() || add_ports(options.ports, ports).has_value());
  return copy_jail(text, "jail.toml", kCopy, kRoot, options);
}

Result<std::optional<std::string>> rename(std::string_view text, const Common &common = {}) {
  return rename_mentioned(text, "jail.toml", kWeb, kRoot, kDb, kCopy, common);
}

TEST(CopyJail, LinesThatNeedNotChangeStay) {
  EXPECT_EQ(*copy("# mine\ncommand = '/bin/a'\n[log]\ntag = 'x' # y\n"),
            "# mine\ncommand = '/bin/a'\n[log]\ntag = 'x' # y\n");
  EXPECT_EQ(
      *copy("autostart = true # at boot\nports = [ # two\n  \"80\", # a\n  \"443\"\n] # end\ncommand = '/bin/a'\n"),
      "autostart = false # at boot\nports = [] # end\ncommand = '/bin/a'\n");
  EXPECT_EQ(*copy("version = 2\ncommand = '/bin/a'\n", "81"), "version = 2\nports = [\"81\"]\ncommand = '/bin/a'\n");
  EXPECT_EQ(*copy("command = '/bin/a'\n#ports = [\"80\"]\n", "81,udp/53"),
            "command = '/bin/a'\nports = [\"81\", \"udp/53\"]\n");
}

TEST(CopyJail, WhatAsksAPortAsksTheOneInItsPlace) {
  constexpr std::string_view kText = "ports = ['80', 'tcp/443@10.0.0.5']\nready = 'port:tcp/443@10.0.0.5' # up\n"
                                     "[health]\nport = '80'\nhttp = '/x'\n";
  EXPECT_EQ(*copy(kText, "81,tcp/444@10.0.0.6"),
            "ports = [\"81\", \"tcp/444@10.0.0.6\"]\nready = \"port:tcp/444@10.0.0.6\" # up\n[health]\nport = "
            "\"81\"\nhttp = '/x'\n");
  EXPECT_EQ(copy(kText).error().text(),
            "jail.toml: 'ready' asks port tcp/443@10.0.0.5: give the copy as many ports as the "
            "original has (2)");
  EXPECT_FALSE(copy(kText, "81"));
}

TEST(CopyJail, VariablesAreThoseOfTheCopy) {
  const auto text = copy("version = 2\nhostname = '${name}'\nautostart = '${yes}'\n[variables]\nyes = true\n");
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "version = 2\nhostname = '${name}'\nautostart = false\n[variables]\nyes = true\n");
  EXPECT_EQ(parse_jail(*text, "jail.toml", kCopy, kRoot)->spec.hostname, "copy");
}

TEST(CopyJail, PlainRoot) {
  EXPECT_EQ(*copy("[root]\nkind = 'plain'\npath = '/srv/a' # here\n", "", "/srv/b"),
            "[root]\nkind = 'plain'\npath = \"/srv/b\" # here\n");
}

TEST(CopyJail, WrittenAnewWhereLinesAreNotEnough) {
  constexpr std::string_view kText = "health = { port = '80', retries = 7 }\nports = ['80']\n";
  const auto text = copy(kText, "81");
  ASSERT_TRUE(text);
  const auto back = parse_jail(*text, "jail.toml", kCopy, kRoot);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->spec.health.port.port, 81);
  EXPECT_EQ(back->spec.health.retries, 7U);
  EXPECT_EQ(
      copy("version = 2\nhealth = { port = '80' }\nports = ['80']\nvariables = { a = 'b' }\n", "81").error().kind(),
      ErrorKind::Malformed);
}

TEST(CopyJail, CannotDependOnItself) {
  EXPECT_EQ(copy("depends = ['copy']\n").error().text(), "jail.toml:1: key 'depends': a jail cannot depend on itself");
}

TEST(RenameMentioned, OnlyTheName) {
  EXPECT_EQ(*rename("command = 'db'\n"), std::nullopt);
  EXPECT_EQ(**rename("depends = [\n  'a', # not db\n  \"db\", # the db\n]\ncommand = 'db'\n[net] # db\n"
                     "connect = [ 'db', 'db:5432', \"dbx:1\", '127.0.0.1:6379', 'db:53/udp' ] # db\n"),
            "depends = [\n  'a', # not db\n  \"copy\", # the db\n]\ncommand = 'db'\n[net] # db\n"
            "connect = [ 'copy', 'copy:5432', \"dbx:1\", '127.0.0.1:6379', 'copy:53/udp' ] # db\n");
  EXPECT_EQ(**rename("depends = ['db', 'copy']\n"), "depends = ['copy', 'copy']\n");
}

TEST(RenameMentioned, NotFromElsewhere) {
  Common common;
  common = *parse_common("[defaults]\ndepends = ['db']\n", "jailmgr.toml");
  EXPECT_EQ(rename("", common).error().text(),
            "jail.toml mentions jail db, by a variable, an included file or the defaults: change that by hand");
  EXPECT_FALSE(rename("version = 2\ndepends = ['${x}']\n[variables]\nx = 'db'\n"));
}

} // namespace
} // namespace jails
