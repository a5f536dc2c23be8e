#include "config/edit.h"
#include "config/file.h"
#include "config/layers.h"
#include "config/tool_config.h"
#include "result.h"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <map>

namespace jails {
namespace {

const JailName kWeb = *JailName::parse("web");
constexpr std::string_view kRoot = "/var/jailmgr/jails/web/root";

Common common(std::string_view tool, std::map<std::string, std::string> files = {}) {
  Common made = *parse_common(tool, "jailmgr.toml");
  made.directory = "/etc/jailmgr";
  made.read_include = [files](const std::string &path) -> Result<std::string> {
    const auto at = files.find(path);
    if (at == files.end()) return fail(ErrorKind::NotFound, "/etc/jailmgr/" + path + ": cannot open");
    return at->second;
  };
  return made;
}

Result<JailConfig> parse(std::string_view text, const Common &with) {
  return parse_jail("version = 2\n" + std::string(text), "web.toml", kWeb, kRoot, with);
}
std::string error_of(std::string_view text, const Common &with) { return error_text(parse(text, with)); }

TEST(Layers, TheFileIncludedFilesDefaults) {
  const auto with = common("[defaults]\nprofile = \"low\"\nhostname = \"a\"\nports = [\"1\"]\ntags = [\"d\"]\n"
                           "[defaults.limits]\nmemory = \"1G\"\nfiles = 64\nprocesses = 9",
                           {{"x.toml", "hostname = \"b\"\nports = [\"2\"]\n[limits]\nfiles = 65"},
                            {"sub/y.toml", "include = [\"x.toml\"]\nports = [\"3\"]\nversion = 2"}});
  const auto config = parse("include = [\"sub/y.toml\"]\n[limits]\nprocesses = \"none\"", with);
  ASSERT_TRUE(config) << error_text(config);
  EXPECT_EQ(config->spec.profile, Profile::Low);
  EXPECT_EQ(config->spec.hostname, "b");
  EXPECT_EQ(to_string(config->spec.ports), "3"); // a list is one value
  EXPECT_EQ(config->tags, std::vector<std::string>{"d"});
  EXPECT_EQ(config->spec.limits.memory, 1ULL << 30U);
  EXPECT_EQ(config->spec.limits.files, 65U);
  EXPECT_FALSE(config->spec.limits.processes);
  EXPECT_EQ(parse("", common(""))->spec.limits, Limits{});
}

TEST(Layers, MountsAddUp) {
  const auto with = common("[[defaults.mount]]\nsource = \"/a\"\ntarget = \"/1\"\n[[defaults.mount]]\nsource = "
                           "\"/b\"\ntarget = \"/2\"");
  const auto config = parse("[[mount]]\nsource = \"/c\"\ntarget = \"/2\"\nread_only = false", with);
  ASSERT_TRUE(config) << error_text(config);
  EXPECT_EQ(config->spec.binds, (std::vector<Bind>{{"/a", "/1", true}, {"/c", "/2", false}}));
}

TEST(Layers, Variables) {
  const auto with = common("[defaults]\nhostname = \"${name}.${zone}\"\n[variables]\nzone = \"example.org\"\nport = 80",
                           {{"x.toml", "command = \"httpd -p ${port} ${flags}\"\nports = [\"${port}\"]\n[variables]\n"
                                       "flags = \"-v\""}});
  const auto config = parse("include = [\"x.toml\"]\n[variables]\nport = 8080\nmany = 7\nlines = \"${name}\"\n"
                            "[limits]\nprocesses = \"${many}\"\n[log]\ntag = \"$${lines}-${lines}\"",
                            with);
  ASSERT_TRUE(config) << error_text(config);
  EXPECT_EQ(config->spec.hostname, "web.example.org");
  EXPECT_EQ(config->command_line, "httpd -p 8080 -v");
  EXPECT_EQ(to_string(config->spec.ports), "8080");
  EXPECT_EQ(config->spec.limits.processes, 7U); // a number as it is
  EXPECT_EQ(config->spec.log.tag, "${lines}-web");
}

TEST(Layers, VariablesRefused) {
  const auto none = common("");
  EXPECT_EQ(error_of("\ncommand = \"a ${prot}\"\n[variables]\nport = 1", none),
            "web.toml:3: key 'command': unknown variable 'prot', did you mean 'port'?");
  EXPECT_EQ(error_of("[log]\ntag = \"${}\"", none),
            "web.toml:3: key 'log.tag': unknown variable ''; '$${' stands for the characters '${'");
  EXPECT_EQ(error_of("hostname = \"x${name\"", none),
            "web.toml:2: key 'hostname': a '${' without its '}'; '$${' stands for the characters '${'");
  EXPECT_EQ(error_of("hostname = \"${a}\"\n[variables]\na = \"x${b}\"\nb = \"${a}\"", none),
            "web.toml:5: key 'variables.b': variables need each other: a -> b -> a");
  EXPECT_EQ(error_of("[variables]\nname = \"x\"", none),
            "web.toml:3: key 'variables.name': is there by itself, choose another name");
  EXPECT_EQ(error_of("[variables]\n\"a b\" = \"x\"", none),
            "web.toml:3: key 'variables': name 'a b': expected 1 to 32 characters of A-Z a-z 0-9 _ and -");
  EXPECT_EQ(error_of("[variables]\nx = []", none),
            "web.toml:3: key 'variables.x': expected text, a number, true or false");
  EXPECT_EQ(error_of("variables = 1", none), "web.toml:2: key 'variables': expected a table, [variables]");
  EXPECT_EQ(error_of("", common("\n[defaults]\nhostname = \"${x}\"")),
            "jailmgr.toml:3: key 'hostname': unknown variable 'x'; '$${' stands for the characters '${'");
}

TEST(Layers, VariablesAreBounded) {
  std::string text = "[variables]\nx0 = \"xxxxxxxxxxxxxxxx\"\n";
  for (int i = 1; i < 16; i++)
    text += fmt::format("x{} = \"${{x{}}}${{x{}}}${{x{}}}${{x{}}}\"\n", i, i - 1, i - 1, i - 1, i - 1);
  EXPECT_NE(
      error_of(text + "[log]\ntag = \"${x15}\"", common("")).find("variables make the texts of this jail too long"),
      std::string::npos);
  std::string deep = "hostname = \"${x40}\"\n[variables]\nx0 = \"x\"\n";
  for (int i = 1; i <= 40; i++) deep += fmt::format("x{} = \"${{x{}}}\"\n", i, i - 1);
  EXPECT_NE(error_of(deep, common("")).find("variables in variables more than 16 deep"), std::string::npos);
}

TEST(Layers, IncludesRefused) {
  const auto with = common("", {{"a.toml", "include = [\"b.toml\"]"},
                                {"b.toml", "\ninclude = [\"a.toml\"]"},
                                {"bad.toml", "\nprots = [1]"},
                                {"half.toml", "command = \"x"},
                                {"old.toml", "version = 1"},
                                {"self.toml", "include = [\"self.toml\"]"}});
  EXPECT_EQ(error_of("include = [\"a.toml\"]", with),
            "/etc/jailmgr/b.toml:2: key 'include': files include each other: web.toml -> a.toml -> b.toml -> a.toml");
  EXPECT_EQ(error_of("include = [\"self.toml\"]", with),
            "/etc/jailmgr/self.toml:1: key 'include': files include each other: web.toml -> self.toml -> self.toml");
  EXPECT_EQ(error_of("include = [\"bad.toml\"]", with),
            "/etc/jailmgr/bad.toml:2: unknown key 'prots', did you mean 'ports'?");
  EXPECT_TRUE(error_of("include = [\"half.toml\"]", with).starts_with("/etc/jailmgr/half.toml:1: not valid TOML: "));
  EXPECT_EQ(error_of("include = [\"old.toml\"]", with),
            "/etc/jailmgr/old.toml:1: key 'version': expected 2 in a file that is included");
  EXPECT_EQ(error_of("include = [\n\"none.toml\"]", with),
            "web.toml:3: key 'include': /etc/jailmgr/none.toml: cannot open");
  for (const char *path : {"/etc/passwd.toml", "../x.toml", "a/../b.toml", "a//b.toml", ".x.toml", "a.conf", ""})
    EXPECT_EQ(
        error_of(fmt::format("include = [\"{}\"]", path), with),
        fmt::format("web.toml:2: key 'include': '{}': expected a path below /etc/jailmgr, like \"common/web.toml\"",
                    path));
  EXPECT_EQ(error_of("include = \"a.toml\"", with),
            "web.toml:2: key 'include': expected a list of files like [\"common/web.toml\"]");
  std::map<std::string, std::string> chain;
  for (int i = 0; i < 20; i++) chain[fmt::format("c{}.toml", i)] = fmt::format("include = [\"c{}.toml\"]", i + 1);
  EXPECT_EQ(error_of("include = [\"c0.toml\"]", common("", chain)),
            "/etc/jailmgr/c7.toml:1: key 'include': more than 8 deep");
}

TEST(Layers, VersionOneStaysAsItWas) {
  const auto with = common("[variables]\nPORT = 1");
  const auto config = parse_jail("command = \"echo ${PORT} $${x}\"", "web.toml", kWeb, kRoot, with);
  ASSERT_TRUE(config) << error_text(config);
  EXPECT_EQ(config->command_line, "echo ${PORT} $${x}");
  EXPECT_EQ(*parse_jail(write_jail(*config), "web.toml", kWeb, kRoot, with), *config);
  EXPECT_ERROR(parse_jail("\ninclude = []", "web.toml", kWeb, kRoot, with), ErrorKind::Malformed,
               "web.toml:2: key 'include': needs version = 2 in this file");
  auto newer = *config;
  newer.version = 2;
  EXPECT_EQ(*parse_jail(write_jail(newer), "web.toml", kWeb, kRoot, with), newer);
}

TEST(Layers, EveryErrorIsTold) {
  const auto with = common("\n[defaults]\nprofil = \"low\"", {{"x.toml", "ports = [0, 1, 99999]"}});
  EXPECT_EQ(check_jail("version = 2\ncommand = 5\ninclude = [\"x.toml\"]\n[limits]\nfiles = 1\nmemery = 2", "web.toml",
                       kWeb, kRoot, with),
            (std::vector<std::string>{
                "web.toml:2: key 'command': expected a command line or a list of words, like [\"/bin/sleep\", \"60\"]",
                "web.toml:5: key 'limits.files': expected a number from 16 to 2147483647",
                "web.toml:6: unknown key 'limits.memery', did you mean 'limits.memory'?",
                "/etc/jailmgr/x.toml:1: key 'ports': port '0': expected a number from 1 to 65535, like 8080, udp/53 or "
                "tcp/443@10.0.0.5",
                "/etc/jailmgr/x.toml:1: key 'ports': port '99999': expected a number from 1 to 65535, like 8080, "
                "udp/53 or tcp/443@10.0.0.5",
                "jailmgr.toml:3: unknown key 'profil', did you mean 'profile'?"}));
}

TEST(Layers, DefaultsOfTheTool) {
  EXPECT_EQ(
      check_tool("bas = 1\n[defaults]\nprots = [1]\n[defaults.limits]\nmemry = 1", "jailmgr.toml"),
      (std::vector<std::string>{"jailmgr.toml:1: unknown key 'bas', did you mean 'base'?",
                                "jailmgr.toml:3: unknown key 'defaults.prots', did you mean 'ports'?",
                                "jailmgr.toml:5: unknown key 'defaults.limits.memry', did you mean 'limits.memory'?"}));
  EXPECT_EQ(error_text(parse_common("\n[defaults]\ninclude = []", "jailmgr.toml")),
            "jailmgr.toml:3: key 'defaults.include': cannot stand in [defaults]");
  EXPECT_EQ(error_text(parse_common("defaults = 1", "jailmgr.toml")),
            "jailmgr.toml:1: key 'defaults': expected a table, [defaults]");
}

// A written file leaves to the defaults what they say, and says what they do not.
TEST(Layers, WrittenBesideDefaults) {
  const auto with =
      common("[defaults]\nprofile = \"low\"\nrestart = \"never\"\nports = [\"1\"]\nhostname = "
             "\"${name}.org\"\n[defaults.limits]\nmemory = \"1G\"\nfiles = 64\n[[defaults.mount]]\nsource "
             "= \"/a\"\ntarget = \"/1\"");
  auto config = *parse("", with);
  const std::string same = write_jail(config, with);
  EXPECT_NE(same.find("\n#profile = \"low\"\n"), same.npos);
  EXPECT_NE(same.find("\n#hostname = \"web.org\"\n"), same.npos);
  EXPECT_EQ(*parse_jail(same, "f", kWeb, kRoot, with), config);
  EXPECT_EQ(parse_jail(same, "f", kWeb, kRoot, common(""))->spec, default_jail(kWeb, kRoot).spec); // nothing was copied
  config.spec.profile = Profile::High;
  config.spec.restart.policy = RestartPolicy::Always;
  config.spec.ports.clear();
  config.spec.limits.memory.reset();
  config.spec.limits.files = 65;
  config.spec.binds.push_back({"/b", "/2", true});
  const std::string other = write_jail(config, with);
  EXPECT_NE(other.find("\nprofile = \"high\"\n"), other.npos);
  EXPECT_NE(other.find("\nports = []\n"), other.npos);
  EXPECT_NE(other.find("\nmemory = \"none\"\n"), other.npos);
  const auto back = parse_jail(other, "f", kWeb, kRoot, with);
  ASSERT_TRUE(back) << error_text(back);
  EXPECT_EQ(*back, config);
}

TEST(Layers, EditedLimits) {
  const auto with = common("[defaults.limits]\nmemory = \"1G\"", {{"x.toml", "[limits]\nfiles = 64"}});
  const std::string text = "version = 2\ninclude = [\"x.toml\"]\n[limits] # mine\nprocesses = 5\n";
  const auto edit = [&](std::vector<std::string_view> words) {
    return edit_limits(text, "web.toml", kWeb, kRoot, words, with);
  };
  EXPECT_EQ(*edit({"memory=2G"}),
            "version = 2\ninclude = [\"x.toml\"]\n[limits] # mine\nmemory = \"2G\"\nprocesses = 5\n");
  EXPECT_EQ(*edit({"files=none"}),
            "version = 2\ninclude = [\"x.toml\"]\n[limits] # mine\nfiles = \"none\"\nprocesses = 5\n");
  EXPECT_EQ(*edit({"processes=none"}), "version = 2\ninclude = [\"x.toml\"]\n[limits] # mine\n#processes = 5\n");
  EXPECT_ERROR(edit_limits("version = 2\ninclude = [\"x.toml\"]\nlimits = { processes = 5 }\n", "web.toml", kWeb, kRoot,
                           std::vector<std::string_view>{"processes=6"}, with),
               ErrorKind::Malformed, "web.toml: its limits are not one a line below [limits]: edit it by hand");
}

// Files below the configuration directory, and nobody else's.
TEST(Layers, IncludedFilesOnDisk) {
  namespace fs = std::filesystem;
  std::string dir = (fs::temp_directory_path() / "jails-layers-XXXXXX").string();
  ASSERT_NE(mkdtemp(dir.data()), nullptr);
  fs::create_directory(dir + "/sub");
  std::ofstream(dir + "/sub/x.toml") << "hostname = \"x\"";
  std::ofstream(dir + "/jailmgr.toml") << "[defaults]\nprofile = \"low\"";
  fs::permissions(dir + "/sub", fs::perms(0755));
  for (const char *file : {"/sub/x.toml", "/jailmgr.toml"}) fs::permissions(dir + file, fs::perms(0644));
  const auto with = load_common(dir);
  ASSERT_TRUE(with) << error_text(with);
  EXPECT_EQ(parse("include = [\"sub/x.toml\"]", *with)->spec.hostname, "x");
  fs::permissions(dir + "/sub/x.toml", fs::perms(0666));
  EXPECT_EQ(error_of("include = [\"sub/x.toml\"]", *with),
            "web.toml:2: key 'include': " + dir + "/sub/x.toml: mode 0666 lets others write it, expected 0600 or 0644");
  EXPECT_EQ(parse("include = [\"sub/x.toml\"]", *load_common(dir, Trust::Any))->spec.hostname, "x");
  fs::permissions(dir + "/sub/x.toml", fs::perms(0644));
  fs::permissions(dir + "/sub", fs::perms(0777));
  EXPECT_EQ(error_of("include = [\"sub/x.toml\"]", *with),
            "web.toml:2: key 'include': " + dir + "/sub: mode 0777 lets others write it, expected 0755 or 0700");
  fs::create_symlink("sub/x.toml", dir + "/link.toml");
  EXPECT_EQ(error_of("include = [\"link.toml\"]", *with),
            "web.toml:2: key 'include': " + dir + "/link.toml: is a symbolic link, expected the file itself");
  fs::remove_all(dir);
}

// Files as earlier programs wrote and read them. None is ever changed or taken away here.
TEST(OldConfigs, AreRead) {
  size_t count = 0;
  for (const auto &entry : std::filesystem::directory_iterator(JAILS_OLD_CONFIGS)) {
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const std::string file = entry.path().filename();
    count++;
    if (file.ends_with("jailmgr.toml")) {
      EXPECT_TRUE(parse_tool(text, file)) << error_text(parse_tool(text, file));
      continue;
    }
    const auto config = parse_jail(text, file, kWeb, kRoot);
    ASSERT_TRUE(config) << error_text(config);
    EXPECT_EQ(*parse_jail(write_jail(*config), file, kWeb, kRoot), *config) << file;
    EXPECT_EQ(config->version, 1);
    EXPECT_EQ(config->command_line.contains("${"), !file.contains("default")) << file; // as it stands there
  }
  EXPECT_GE(count, 4U);
}

} // namespace
} // namespace jails
