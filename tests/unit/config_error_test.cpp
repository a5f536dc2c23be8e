#include "config/jail_config.h"
#include "config/reader.h"
#include "result.h"

#include <array>

namespace jails {
namespace {

const JailName kWeb = *JailName::parse("web");

Result<JailConfig> parse(std::string_view text, std::string_view file = "/etc/x/jail.toml") {
  return parse_jail(text, file, kWeb, "/var/jailmgr/jails/web/root");
}

struct Row {
  std::string_view text;  // the file
  std::string_view error; // behind "/etc/x/jail.toml:"
};

void expect_errors(const std::vector<Row> &rows) {
  for (const auto &[text, error] : rows)
    EXPECT_ERROR(parse(text), ErrorKind::Malformed, "/etc/x/jail.toml:" + std::string(error));
}

TEST(ConfigError, WrongTypes) {
  expect_errors({
      {"ports = 8080", R"(1: key 'ports': expected a list of ports like ["8080", "udp/53@10.0.0.5"])"},
      {"\n\nports = \"8080\"", R"(3: key 'ports': expected a list of ports like ["8080", "udp/53@10.0.0.5"])"},
      {"ports = [\n \"80\",\n true ]", R"(3: key 'ports': expected a list of ports like ["8080", "udp/53@10.0.0.5"])"},
      {"allow = \"chroot\"", R"(1: key 'allow': expected a list of permissions like ["chroot", "mlock"])"},
      {"deny = [\n 5]", R"(1: key 'deny': expected a list of permissions like ["chroot", "mlock"])"},
      {"autostart = \"yes\"", "1: key 'autostart': expected true or false"},
      {"autostart = 1", "1: key 'autostart': expected true or false"},
      {"profile = 2", R"(1: key 'profile': expected "low", "medium" or "high")"},
      {"[health]\ninterval = 3", "1: key 'health': needs a command or a port"},
      {"ports = [\"80\"]\n[health]\nport = \"81\"",
       "2: key 'health': health check: port 81 is not among the jail's ports"},
      {"ports = [\"80\"]\n[health]\nport = \"80\"\ncommand = \"a\"",
       "2: key 'health': health check: a command or a port, not both"},
      {"[health]\ncommand = \"a\"\nrecovery = \"pray\"",
       "3: key 'health.recovery': recovery 'pray': expected restart, command, give-up or none"},
      {"[health]\ncommand = \"a\"\ninterval = 0.05",
       "1: key 'health': health check: interval 0.05 s: expected 0.1 to 86400"},
      {"[hooks]\npoststart = \"true\"",
       "2: key 'hooks.poststart': hook poststart: program of the host 'true': not absolute, it must start with '/'"},
      {"[hooks]\nstop = [[\"a\"], \"b\"]",
       "2: key 'hooks.stop': expected a command line or a list of words, like [\"/bin/sleep\", \"60\"]"},
      {"[exec]\nallow = [\n\"alice\",\n\"bob as\"]", "4: key 'exec.allow': exec rule 'bob as': expected a user or "
                                                     "%group of the host, alone or with 'as' and a user of "
                                                     "the jail"},
      {"[exec]\nallow = \"alice\"",
       "2: key 'exec.allow': expected a list like [\"alice\", \"bob as www-data\", \"%ops as root\"]"},
      {"[hooks]\ntimeout = 0.05", "2: key 'hooks.timeout': expected 0.1 to 3600 seconds"},
      {"[hooks]\npoststrat = \"/x\"", "2: unknown key 'hooks.poststrat', did you mean 'hooks.poststart'?"},
      {"ready = \"healthy\"", "1: key 'ready': \"healthy\" needs a check, in [health]"},
      {"restart_limit = 20",
       "1: key 'restart_limit': restart limit 20: that many restarts take 174 s at least, and never "
       "fall into a window of 60 s"},
      {"restart = true", R"(1: key 'restart': expected "always", "on-failure" or "never")"},
      {"hostname = 1979-05-27", "1: key 'hostname': expected a host name"},
      {"command = 5", R"(1: key 'command': expected a command line or a list of words, like ["/bin/sleep", "60"])"},
      {"command = [\"a\", 5]",
       R"(1: key 'command': expected a command line or a list of words, like ["/bin/sleep", "60"])"},
      {"limits = 5", "1: key 'limits': expected a table, [limits]"},
      {"[[limits]]", "1: key 'limits': expected a table, [limits]"},
      {"[limits]\nmemory = true",
       R"(2: key 'limits.memory': expected a number of bytes from 1048576 to 9223372036854775807, or text like "512M")"},
      {"[limits]\nprocesses = \"5\"", "2: key 'limits.processes': expected a number from 1 to 4194304"},
      {"[log]\nfacility = 3", "2: key 'log.facility': expected a facility like \"daemon\""},
      {"[log]\nout_level = 8", "2: key 'log.out_level': expected a level like \"notice\" or a number from 0 to 7"},
      {"[log]\nerr_level = true", "2: key 'log.err_level': expected a level like \"notice\" or a number from 0 to 7"},
      {"[mount]", "1: key 'mount': expected [[mount]] with two brackets, one for each mount"},
      {"mount = [1]", "1: key 'mount': expected tables, each below its own [[mount]]"},
      {"net = 1", "1: key 'net': expected a table, [net]"},
      {"[net]\nconnect = \"db\"",
       R"(2: key 'net.connect': expected a list like ["db:5432", "127.0.0.1:6379", "[::1]:53/udp"])"},
      {"[net]\nconnect = [\n\"db\",\n5432]",
       R"(4: key 'net.connect': expected a list like ["db:5432", "127.0.0.1:6379", "[::1]:53/udp"])"},
      {"[net]\naddresses = [\"10.0.0.5,10.0.0.6\"]",
       R"(2: key 'net.addresses': expected a list of addresses like ["10.0.0.5", "fd00::5"])"},
      {"[root]\nkind = 1", R"(2: key 'root.kind': expected "thin", "plain" or "thick")"},
  });
}

TEST(ConfigError, WrongValues) {
  expect_errors({
      {"allow = [\"chroot\",\n \"ptrac\"]", "2: key 'allow': permission 'ptrac': not known, did you mean 'ptrace'?"},
      {"allow = [\"chroot,mlock\"]", "1: key 'allow': one permission in each text, no ','"},
      {"allow = [\"userns\"]", "1: key 'allow': permission 'userns' cannot be granted in profile high: only in low"},
      {"allow = [\"mlock\"]\ndeny = [\"mlock\"]", "2: key 'deny': permission 'mlock' is both allowed and denied"},
      {"deny = [\"mlock\", \"mlock\"]", "1: key 'deny': permission 'mlock' is given twice"},
      {"[net]\nconnect = [\n\"db\",\n\"127.0.0.1\"]",
       "4: key 'net.connect': connect '127.0.0.1': an address needs a port, like 127.0.0.1:6379"},
      {"[net]\nconnect = [\"db\", \"db\"]", "2: key 'net.connect': connect db is given twice"},
      {"[net]\naddresses = [\"eth0\"]",
       "2: key 'net.addresses': address 'eth0': expected an IP address like 10.0.0.5 or fd00::5"},
      {"profile = \"max\"", "1: key 'profile': profile 'max': expected low, medium or high"},
      {"ports = [70000]",
       "1: key 'ports': port '70000': expected a number from 1 to 65535, like 8080, udp/53 or tcp/443@10.0.0.5"},
      {"ports = [-1]",
       "1: key 'ports': port '-1': expected a number from 1 to 65535, like 8080, udp/53 or tcp/443@10.0.0.5"},
      {"ports = [\"80,81\"]",
       "1: key 'ports': port '80,81': expected a number from 1 to 65535, like 8080, udp/53 or tcp/443@10.0.0.5"},
      {"ports = [\n80,\n\"80\"]", "3: key 'ports': port 80 is given twice"},
      {"ports = [\n80,\n\"tcp/80\"]", "3: key 'ports': port tcp/80 overlaps 80, give one of them"},
      {"stop_grace = -1", "1: key 'stop_grace': expected seconds from 0 to 3600, like 5 or 2.5"},
      {"stop_grace = 3600.5", "1: key 'stop_grace': expected seconds from 0 to 3600, like 5 or 2.5"},
      {"stop_grace = nan", "1: key 'stop_grace': expected seconds from 0 to 3600, like 5 or 2.5"},
      {"stop_grace = inf", "1: key 'stop_grace': expected seconds from 0 to 3600, like 5 or 2.5"},
      {"stop_grace = \"5\"", "1: key 'stop_grace': expected seconds from 0 to 3600, like 5 or 2.5"},
      {"command = \"a 'b\"", "1: key 'command': command has an open ' quote"},
      {"command = \"a\\u0000b\"", "1: key 'command': command: 'a\\x00b' has a NUL character"},
      {"command = [\"\"]", "1: key 'command': command: the name of the program is empty"},
      {"command = \"''\"", "1: key 'command': command: the name of the program is empty"},
      {"hostname = \"\"", "1: key 'hostname': host name '': expected 1 to 64 characters of A-Z a-z 0-9 . _ and -, not "
                          "starting with '.' or '-'"},
      {"[limits]\nmemory = 0",
       R"(2: key 'limits.memory': expected a number of bytes from 1048576 to 9223372036854775807, or text like "512M")"},
      {"[limits]\nmemory = \"12Q\"",
       "2: key 'limits.memory': size '12Q': not a size, expected a number of bytes or one "
       "with K, M, G or T, like 512M"},
      {"[limits]\nfiles = 0", "2: key 'limits.files': expected a number from 16 to 2147483647"},
      {"[limits]\nfiles = -9223372036854775808", "2: key 'limits.files': expected a number from 16 to 2147483647"},
      {"[limits]\n\ncpu_quota = 50", "3: key 'limits.cpu_quota': needs cpu_period as well"},
      {"[limits]\ncpu_period = 1000", "2: key 'limits.cpu_period': needs cpu_quota as well"},
      {"[limits]\ncpu_quota = 50\ncpu_period = 10",
       "3: key 'limits.cpu_period': expected a number from 1000 to 1000000"},
      {"[root]\nkind = \"fat\"", "2: key 'root.kind': root kind 'fat': expected thin, plain or thick"},
      {"[root]\nkind = \"plain\"", "2: key 'root.kind': \"plain\" needs path as well, the directory to use"},
      {"[root]\npath = \"/srv/x\"",
       "2: key 'root.path': only for kind = \"plain\", the other kinds have their own directory"},
      {"[root]\nkind = \"plain\"\npath = \"/srv/../x\"",
       "3: key 'root.path': root '/srv/../x': has a '.' or '..' component, write the path out"},
      {"[root]\nbase = \"../x\"",
       "2: key 'root.base': base '../x': expected 1 to 63 characters of A-Z a-z 0-9 . _ : and "
       "-, not starting with '.' or '-'"},
      {"[log]\ntag = \"\"", "2: key 'log.tag': log tag '': expected 1 to 63 characters, not only blanks"},
      {"depends = \"db\"", "1: key 'depends': expected a list of jails like [\"db\"]"},
      {"depends = [\n\"db\",\n\"web\"]", "3: key 'depends': a jail cannot depend on itself"},
      {"depends = [\"a/b\"]", "1: key 'depends': jail name 'a/b': expected only A-Z a-z 0-9 . _ and -"},
      {"tags = [\"a b\"]", "1: key 'tags': tag 'a b': expected 1 to 32 characters of A-Z a-z 0-9 . _ and -"},
      {"ready = \"up\"",
       "1: key 'ready': 'up': expected running, healthy, port:8080, file:/run/ready, command:LINE or alive:SECONDS"},
      {"ports = [80]\nready = \"port:81\"", "2: key 'ready': port 81 is not among the jail's ports"},
      {"ready_timeout = 3601", "1: key 'ready_timeout': expected seconds from 0 to 3600, like 5 or 2.5"},
      {"[[mount]]\nsource = \"/a\"", "1: key 'mount.target': missing, expected an absolute path"},
      {"[[mount]]\nsource = \"a\"\ntarget = \"/b\"",
       "2: key 'mount.source': mount source 'a': not absolute, it must start with '/'"},
      {"[[mount]]\nsource = \"/a\"\ntarget = \"/dev/x\"",
       "3: key 'mount.target': mount target '/dev/x': /dev is the jail's own mount"},
      {"[[mount]]\nsource = \"/a\"\ntarget = \"/b\"\n[[mount]]\nsource = \"/c\"\ntarget = \"/b\"",
       "6: key 'mount.target': '/b' is given twice"},
  });
}

TEST(ConfigError, UnknownKeys) {
  expect_errors({
      {"comand = \"x\"", "1: unknown key 'comand', did you mean 'command'?"},
      {"\nautostrat = true", "2: unknown key 'autostrat', did you mean 'autostart'?"},
      {"memory = \"1G\"", "1: unknown key 'memory', did you mean 'limits.memory'?"},
      {"[limits]\nmemroy = \"1G\"", "2: unknown key 'limits.memroy', did you mean 'limits.memory'?"},
      {"[limit]\nmemory = \"1G\"", "1: unknown key 'limit', did you mean 'limits'?"},
      {"[[mount]]\nsource = \"/a\"\ntarget = \"/b\"\nreadonly = true",
       "4: unknown key 'mount.readonly', did you mean 'mount.read_only'?"},
      {"colour = \"red\"", "1: unknown key 'colour'"},
      {"\"\\u001b[2J\" = 1", "1: unknown key '\\x1b[2J'"},
      {"\"\" = 1", "1: unknown key ''"},
  });
}

TEST(ConfigError, FirstByLine) {
  expect_errors({
      {"zzz = 1\nports = 5", "1: unknown key 'zzz'"},
      {"[log]\ntag = \"\"\n[limits]\nmemory = 0",
       "2: key 'log.tag': log tag '': expected 1 to 63 characters, not only blanks"},
      {"restart = 1\nautostart = 1", R"(1: key 'restart': expected "always", "on-failure" or "never")"},
  });
}

TEST(ConfigError, Version) {
  expect_errors({
      {"version = 3",
       "1: key 'version': this file has version 3, this program reads up to 2: use a newer jails release"},
      // Whatever else a newer file says, that is the error.
      {"colour = 1\nversion = 7",
       "2: key 'version': this file has version 7, this program reads up to 2: use a newer jails release"},
      {"version = 0", "1: key 'version': expected 1 to 2"},
      {"version = -1", "1: key 'version': expected 1 to 2"},
      {"version = \"1\"", "1: key 'version': expected 1 to 2"},
      {"version = 1.0", "1: key 'version': expected 1 to 2"},
  });
}

TEST(ConfigError, BrokenText) {
  expect_errors({{"\n\xff", "2: not UTF-8: '\\xff'"}, {"a = \"\xc3\"", "1: not UTF-8: 'a = \"\\xc3\"'"}});
  for (auto [text, line] : std::vector<std::pair<std::string_view, int>>{{"autostart = ", 1},
                                                                         {"\n\nautostart true", 3},
                                                                         {"autostart = true\nautostart = true", 2},
                                                                         {"[limits\n", 1},
                                                                         {"command = \"x", 1},
                                                                         {"\n[limits]\n[limits]", 3},
                                                                         {"a = \"\x01\"", 1}}) {
    const std::string error = error_text(parse(text));
    const std::string start = "/etc/x/jail.toml:" + std::to_string(line) + ": not valid TOML: ";
    EXPECT_TRUE(error.starts_with(start)) << error;
    EXPECT_GT(error.size(), start.size() + 10) << error;
    EXPECT_EQ(error.find('\n'), error.npos) << error;
  }
}

TEST(ConfigError, DeepNestingIsRefused) {
  const std::string deep = "ports = " + std::string(100000, '[');
  EXPECT_TRUE(error_text(parse(deep)).starts_with("/etc/x/jail.toml:1: not valid TOML: "));
  // The TOML library alone would overflow the stack here.
  std::string dotted = "a";
  for (int i = 0; i < 200000; i++) dotted += ".a";
  const std::string part = ": a key of more than 8 parts";
  EXPECT_EQ(error_text(parse("\n" + dotted + " = 1")), "/etc/x/jail.toml:2" + part);
  EXPECT_EQ(error_text(parse("x = '.'\n[" + dotted + "]")), "/etc/x/jail.toml:2" + part);
  EXPECT_EQ(error_text(parse("x = {a = 1, " + dotted + " = 1}")), "/etc/x/jail.toml:1" + part);
  EXPECT_EQ(error_text(parse("x = \"\"\"\n\\\"\"\"\"\"\"\n" + dotted + " = 1")), "/etc/x/jail.toml:3" + part);
  EXPECT_EQ(error_text(parse("a.b.c.d.e.f.g.h = 1")), "/etc/x/jail.toml:1: unknown key 'a'");
}

TEST(ConfigError, DotsInValuesAreNoKeys) {
  for (std::string_view good : {
           "command = '/a/b.c.d.e.f.g.h.i.j.k.l'",
           "# a.b.c.d.e.f.g.h.i.j.k.l",
           "command = \"\\\".a.b.c.d.e.f.g.h.i.j\\\"\"",
           "command = \"\"\"\n a.b.c.d.e.f.g.h.i.j.k \"\" \\\"\"\\\"\" \"\"\"\nversion = 1",
           "command = '''a.b.c.d.e.f.g.h.i.j'''\nversion = 1",
           "command = ['a.b.c.d.e', 'f.g.h.i.j']",
       })
    EXPECT_EQ(error_text(parse(good)), "(no error)") << good;
}

TEST(ConfigError, FileNameIsPrintable) {
  EXPECT_EQ(error_text(parse("x = 1", "a\x1b.toml")), "a\\x1b.toml:1: unknown key 'x'");
}

TEST(ConfigError, BadDefaultRoot) {
  EXPECT_ERROR(parse_jail("", "f", kWeb, "relative"), ErrorKind::Malformed,
               "f: root 'relative': not absolute, it must start with '/'");
}

TEST(NearestKey, OnlyWhenNear) {
  constexpr auto kKnown = std::to_array<std::string_view>({"command", "ports", "limits.memory", "log.tag"});
  EXPECT_EQ(nearest_key("comand", kKnown), "command");
  EXPECT_EQ(nearest_key("commands", kKnown), "command");
  EXPECT_EQ(nearest_key("port", kKnown), "ports");
  EXPECT_EQ(nearest_key("memory", kKnown), "limits.memory");
  EXPECT_EQ(nearest_key("log.memory", kKnown), "limits.memory");
  EXPECT_EQ(nearest_key("memry", kKnown), "limits.memory");
  for (auto far : {"", "x", "tog", "colour", "comxxxx"}) EXPECT_EQ(nearest_key(far, kKnown), "") << far;
  EXPECT_EQ(nearest_key(std::string(100000, 'c'), kKnown), "");
}

} // namespace
} // namespace jails
