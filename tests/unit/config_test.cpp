#include "abi/permissions.h"
#include "base/text.h"
#include "config/jail_config.h"
#include "result.h"

#include <random>

namespace jails {
namespace {

const JailName kWeb = *JailName::parse("web");
constexpr std::string_view kRoot = "/var/jailmgr/jails/web/root";

Result<JailConfig> parse(std::string_view text) { return parse_jail(text, "jail.toml", kWeb, kRoot); }

TEST(JailConfig, EmptyFileIsTheDefault) {
  for (auto text : {"", "\n", "# nothing\n", "version = 1"}) {
    const auto config = parse(text);
    ASSERT_TRUE(config) << error_text(config);
    EXPECT_EQ(*config, default_jail(kWeb, kRoot));
  }
  EXPECT_EQ(default_jail(kWeb, kRoot).spec.root, kRoot);
}

TEST(JailConfig, EveryKey) {
  const auto config = parse(R"(
version = 1
autostart = true
command = "/usr/sbin/httpd -f '/etc/my conf'"
profile = "medium"
allow = ["chroot", "mlock"]
deny = ["ptrace"]
ports = ["8080", 443, "udp/53@10.0.0.5"]
restart = "on-failure"
restart_limit = 4
restart_window = 90.5
stop_grace = 2.5
hostname = "www"
depends = ["db", "cache"]
tags = ["front"]
ready = "port:443"
ready_timeout = 1.5
[root]
kind = "plain"
base = "trixie"
path = "/srv/web"
[limits]
memory = "512M"
processes = 100
files = 1024
sockbuf = 4194304
cpu_quota = 50
cpu_period = 1000000
[net]
connect = ["db:5432", "127.0.0.1:6379", "[::1]:53/udp"]
addresses = ["127.0.1.5", "fd00::5"]
[health]
port = "443"
http = "/up"
interval = 2.5
timeout = 1
retries = 4
start_period = 20
recovery = "give-up"
[hooks]
prestart = "/usr/sbin/prepare 'a b'"
start = ["/bin/sh", "-c", "x"]
poststop = [["/usr/sbin/one"], ["/usr/sbin/two", ""]]
timeout = 0.5
[exec]
allow = ["alice", "%ops as root"]
[log]
facility = "local3"
out_level = "info"
err_level = 4
tag = "httpd"
[[mount]]
source = "/srv/www"
target = "/data/www"
[[mount]]
source = "/srv/up"
target = "/data/up"
read_only = false
)");
  ASSERT_TRUE(config) << error_text(config);
  JailConfig expected = default_jail(kWeb, "/srv/web");
  expected.autostart = true;
  expected.root_kind = RootKind::Plain;
  expected.base = "trixie";
  expected.command_line = "/usr/sbin/httpd -f '/etc/my conf'";
  Spec &spec = expected.spec;
  spec.command = {"/usr/sbin/httpd", "-f", "/etc/my conf"};
  spec.profile = Profile::Medium;
  spec.permissions = {*parse_permission("chroot") | *parse_permission("mlock"), *parse_permission("ptrace")};
  for (auto port : {"8080", "443", "udp/53@10.0.0.5"}) spec.ports.push_back(*parse_port(port));
  expected.depends = {"db", "cache"};
  expected.tags = {"front"};
  expected.ready = *parse_readiness("port:443");
  expected.ready_timeout_ms = 1500;
  spec.restart = {RestartPolicy::OnFailure, 4, 90500};
  spec.stop_grace_ms = 2500;
  spec.hostname = "www";
  spec.hooks.at(HookPoint::Prestart) = {{"/usr/sbin/prepare", "a b"}};
  spec.hooks.at(HookPoint::Start) = {{"/bin/sh", "-c", "x"}};
  spec.hooks.at(HookPoint::Poststop) = {{"/usr/sbin/one"}, {"/usr/sbin/two", ""}};
  spec.hooks.timeout_ms = 500;
  spec.exec_rules = {*parse_exec_rule("alice"), *parse_exec_rule("%ops as root")};
  spec.health.port = *parse_port("443");
  spec.health.http = "/up";
  spec.health.interval_ms = 2500;
  spec.health.timeout_ms = 1000;
  spec.health.retries = 4;
  spec.health.start_period_ms = 20000;
  spec.health.recovery = Recovery::GiveUp;
  spec.limits = {512U << 20U, 100, 1024, 4194304, 50, 1000000};
  for (auto to : {"db:5432", "127.0.0.1:6379", "[::1]:53/udp"}) spec.net.connect.push_back(*parse_destination(to));
  for (auto at : {"127.0.1.5", "fd00::5"}) spec.net.addresses.push_back(*parse_own_address(at));
  spec.log = {19, 6, 4, "httpd"};
  spec.binds = {{"/srv/www", "/data/www", true}, {"/srv/up", "/data/up", false}};
  EXPECT_EQ(*config, expected);
}

TEST(JailConfig, CommandAsAListOrNone) {
  const auto list = parse(R"(command = ["/bin/sh", "-c", "a b"])");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->spec.command, (std::vector<std::string>{"/bin/sh", "-c", "a b"}));
  EXPECT_EQ(list->command_line, "");
  for (auto none : {R"(command = "")", R"(command = "  ")", "command = []"}) {
    ASSERT_TRUE(parse(none)) << none;
    EXPECT_EQ(*parse(none), default_jail(kWeb, kRoot)) << none;
  }
  const auto lines = parse("command = '''\n/bin/a \\\n  -b'''");
  ASSERT_TRUE(lines) << error_text(lines);
  EXPECT_EQ(lines->spec.command, (std::vector<std::string>{"/bin/a", "-b"}));
}

TEST(JailConfig, StopGrace) {
  const std::vector<std::pair<std::string, uint32_t>> cases = {
      {"0", 0}, {"5", 5000}, {"3600", 3600000}, {"0.001", 1}, {"0.5", 500}, {"1e2", 100000}, {"3599.9996", 3600000}};
  for (const auto &[text, ms] : cases) {
    const auto config = parse("stop_grace = " + text);
    ASSERT_TRUE(config) << error_text(config);
    EXPECT_EQ(config->spec.stop_grace_ms, ms) << text;
  }
}

TEST(WriteJail, DefaultHasEveryKeyCommentedOut) {
  const std::string text = write_jail(default_jail(kWeb, kRoot));
  std::vector<std::string_view> active;
  for (auto row : split(text, '\n'))
    if (!row.empty() && row[0] != '#') active.push_back(row);
  EXPECT_EQ(active, (std::vector<std::string_view>{"version = 1", "[root]", "[limits]", "[net]", "[log]"}));
  for (auto key :
       {"depends",     "tags",        "ready",   "ready_timeout", "autostart", "command",    "profile",    "allow",
        "deny",        "ports",       "restart", "stop_grace",    "hostname",  "kind",       "base",       "path",
        "memory",      "processes",   "files",   "sockbuf",       "cpu_quota", "cpu_period", "facility",   "out_level",
        "err_level",   "tag",         "source",  "target",        "read_only", "cpu",        "cpu_weight", "cpus",
        "memory_high", "swap",        "oom",     "io_read",       "io_write",  "net_in",     "net_out",    "iops_read",
        "iops_write",  "best_effort", "connect", "addresses"})
    EXPECT_NE(text.find("\n#" + std::string(key) + " = "), text.npos) << key;
  for (auto row : split(text, '\n')) EXPECT_LE(row.size(), 110U) << row;
  ASSERT_TRUE(parse(text)) << error_text(parse(text));
  EXPECT_EQ(*parse(text), default_jail(kWeb, kRoot));
}

// What the file offers as an example must be accepted when a person takes the '#' away.
TEST(WriteJail, EveryCommentedKeyIsValid) {
  std::string text;
  const std::string written = write_jail(default_jail(kWeb, kRoot));
  for (auto row : split(written, '\n')) {
    const bool commented_key = row.size() > 1 && row[0] == '#' && row[1] != ' ';
    if (row.starts_with("#cpu = ")) continue; // excludes quota and period
    // A port and a command exclude each other, and what recovers it is of one kind only.
    if (row.starts_with("#port = ") || row.starts_with("#http = ") || row.starts_with("#recovery_command")) continue;
    text.append(commented_key ? row.substr(1) : row).append("\n");
  }
  // Only a plain root has a path.
  EXPECT_TRUE(error_text(parse(text))
                  .ends_with("key 'root.path': only for kind = \"plain\", the other kinds have their own directory"));
  text.replace(text.find("\"thin\"\n"), 6, "\"plain\"");
  const auto config = parse(text);
  ASSERT_TRUE(config) << error_text(config);
  EXPECT_EQ(config->spec.root, "/srv/jail");
  EXPECT_EQ(config->spec.limits.memory, 512ULL << 20U);
  EXPECT_EQ(config->spec.binds.size(), 1U);
}

TEST(WriteJail, CommandStaysAsWritten) {
  for (std::string line : {R"("/bin/sh  -c 'a b'")", R"(["/bin/sh", "-c", "a b"])", R"("/bin/echo \"\\\\\" \t x")"}) {
    const auto config = parse("command = " + line);
    ASSERT_TRUE(config) << error_text(config);
    const std::string text = write_jail(*config);
    EXPECT_NE(text.find("\ncommand = " + line + "\n"), text.npos) << text;
    EXPECT_EQ(*parse(text), *config);
  }
  JailConfig config = *parse(R"(command = "/bin/a b")");
  config.spec.command = {"/bin/c"}; // the command in force wins over the text
  EXPECT_EQ(parse(write_jail(config))->spec.command, std::vector<std::string>{"/bin/c"});
}

// Random configurations that validate() accepts; seeds are fixed, so a failure can be repeated.
class Random {
public:
  explicit Random(unsigned seed) : engine_(seed) {}
  uint64_t number(uint64_t low, uint64_t high) { return std::uniform_int_distribution<uint64_t>(low, high)(engine_); }
  bool coin() { return number(0, 1) == 1; }
  std::string text(size_t max, bool controls) {
    static const std::vector<std::string> kPieces = {"a",
                                                     "Z",
                                                     "0",
                                                     " ",
                                                     "\"",
                                                     "\\",
                                                     "'",
                                                     "#",
                                                     "[",
                                                     "=",
                                                     "{",
                                                     "}",
                                                     "$",
                                                     "\xc3\xbc",
                                                     "\xf0\x9f\x98\x80",
                                                     "\xe2\x82\xac",
                                                     "\"\"\"",
                                                     "\\u"};
    static const std::vector<std::string> kControls = {"\n", "\t", "\r", "\x01", "\x1b", "\x7f", "\xc2\x85"};
    std::string out;
    for (uint64_t n = number(1, max); n > 0; n--)
      out += controls && number(0, 4) == 0 ? kControls[number(0, kControls.size() - 1)]
                                           : kPieces[number(0, kPieces.size() - 1)];
    return out;
  }
  std::optional<uint64_t> limit(uint64_t low, uint64_t high) {
    if (coin()) return std::nullopt;
    const uint64_t units[] = {1, 1024, 1ULL << 20U, 1ULL << 30U, 1ULL << 40U};
    const uint64_t unit = units[number(0, 4)];
    if (low <= unit && unit <= high && coin()) return unit * number(1, std::min<uint64_t>(1000, high / unit));
    return coin() ? number(low, high) : coin() ? low : high;
  }

private:
  std::mt19937_64 engine_;
};

JailConfig random_config(Random &random) {
  JailConfig config = default_jail(kWeb, kRoot);
  Spec &spec = config.spec;
  config.autostart = random.coin();
  config.root_kind = static_cast<RootKind>(random.number(0, 2));
  if (config.root_kind == RootKind::Plain) spec.root = "/" + random.text(10, false);
  if (random.coin()) config.depends = {"db", "x-1"};
  if (random.coin()) config.tags = {"a", "b.c"};
  if (random.coin()) config.ready = *parse_readiness(random.coin() ? "file:/run/x" : "command:a 'b c'");
  config.ready_timeout_ms = static_cast<uint32_t>(random.number(0, kReadyTimeoutMaxMs));
  if (random.coin()) config.base = "b_" + std::to_string(random.number(0, 9)) + ":x";
  spec.profile = static_cast<Profile>(random.number(0, 2));
  for (unsigned id = 0; id < SJ_PERMS; id++) {
    const bool grantable = (sj_permissions[id].grantable >> static_cast<unsigned>(spec.profile) & 1) != 0;
    auto &set = grantable && random.coin() ? spec.permissions.allow : spec.permissions.deny;
    if (random.coin()) set |= SJ_BIT(id);
  }
  spec.restart.policy = static_cast<RestartPolicy>(random.number(0, 2));
  spec.restart.limit = static_cast<uint32_t>(random.number(0, 5));
  if (random.coin()) spec.health.command = {"/bin/check", "a b", std::to_string(random.number(0, 9))};
  if (!spec.health.command.empty()) {
    spec.health.interval_ms = static_cast<uint32_t>(random.number(100, kHealthMaxMs));
    spec.health.timeout_ms = static_cast<uint32_t>(random.number(100, kHealthMaxMs));
    spec.health.retries = static_cast<uint32_t>(random.number(1, 1000));
    spec.health.start_period_ms = static_cast<uint32_t>(random.number(0, kHealthMaxMs));
    spec.health.recovery = static_cast<Recovery>(random.number(0, 3));
    if (spec.health.recovery == Recovery::Command) spec.health.recovery_command = {"/bin/repair", "it"};
  }
  for (auto &commands : spec.hooks.points)
    for (uint64_t n = random.number(0, 2); n > 0; n--) commands.push_back({"/bin/hook", "a \"b", ""});
  if (spec.hooks.configured()) spec.hooks.timeout_ms = static_cast<uint32_t>(random.number(100, 3600000));
  if (random.coin()) spec.exec_rules = {*parse_exec_rule("%1000 as app:app"), *parse_exec_rule("bob")};
  spec.restart.window_ms = static_cast<uint32_t>(random.number(40000, kRestartWindowMaxMs));
  spec.stop_grace_ms = static_cast<uint32_t>(random.coin() ? random.number(0, 3600000) : 1000 * random.number(0, 3600));
  for (uint64_t n = random.number(0, 5); n > 0; n--) {
    const std::string protos[] = {"", "tcp/", "udp/"}, at[] = {"", "@10.0.0.5", "@[fd00::5]"};
    (void)add_ports(spec.ports,
                    protos[random.number(0, 2)] + std::to_string(random.number(1, 65535)) + at[random.number(0, 2)]);
  }
  for (uint64_t n = random.number(0, 4); n > 0; n--) {
    const std::string hosts[] = {"db", "j1:80", "127.0.0.1:6379", "[::1]:53", "[fe80::1]:9"},
                      protos[] = {"", "/tcp", "/udp"};
    (void)add_destinations(spec.net.connect, hosts[random.number(0, 4)] + protos[random.number(0, 2)]);
    (void)add_addresses(spec.net.addresses,
                        random.coin() ? "10.0.0." + std::to_string(n) : "fd00::" + std::to_string(n));
  }
  if (random.coin()) spec.hostname = "h" + std::to_string(random.number(0, 99));
  if (random.coin()) {
    config.command_line = "/bin/x " + random.text(20, true);
    const auto words = split_command(config.command_line);
    if (words)
      spec.command = *words;
    else
      config.command_line.clear();
  } else {
    for (uint64_t n = random.number(0, 4); n > 0; n--) spec.command.push_back(random.text(10, true));
  }
  spec.limits = {random.limit(kMemoryMin, kMemoryMax),   random.limit(1, kProcessesMax), random.limit(1, kFilesMax),
                 random.limit(kSockbufMin, kSockbufMax), random.limit(1, kCpuQuotaMax),  random.number(1000, 1000000)};
  if (!spec.limits.cpu_quota) spec.limits.cpu_period.reset();
  if (!spec.limits.cpu_quota) spec.limits.cpu = random.limit(kCpuMin, kCpuMax);
  spec.limits.cpu_weight = random.limit(1, kCpuWeightMax);
  if (spec.limits.memory) spec.limits.swap = random.limit(0, kMemoryMax - *spec.limits.memory);
  if (spec.limits.memory) spec.limits.memory_high = random.limit(kMemoryMin, *spec.limits.memory);
  if (spec.limits.memory && random.coin()) spec.limits.oom = OomKill::Group;
  if (random.coin()) spec.limits.cpus = *parse_cpus(std::to_string(random.number(0, 9)) + ",3-5");
  for (const char *device : {"", "/dev/sdb", "8:0"})
    if (random.coin())
      spec.limits.io.push_back({device, random.limit(1, kMemoryMax), {}, random.limit(1, UINT32_MAX), 7});
  spec.limits.disk = random.limit(kDiskMin, kMemoryMax);
  spec.limits.inodes = random.limit(kInodesMin, kInodesMax);
  spec.limits.net_in = random.limit(kNetMin, kNetMax);
  spec.limits.best_effort = random.coin();
  for (uint64_t n = random.number(0, 3); n > 0; n--) {
    const std::string when[] = {"processes > 9", "cpu > 20% for 3m", "net_in > 5M", "memory > 7K for 90"},
                      act[] = {"log", "freeze", "signal:HUP", "exec:/x '${name} a' b"};
    spec.reactions.push_back(*parse_reaction(when[random.number(0, 3)] + ": " + act[random.number(0, 3)]));
    if (spec.reactions.back().act == Act::Exec)
      spec.reactions.back().timeout_seconds = static_cast<uint32_t>(random.number(1, kActTimeoutMax));
  }
  spec.log.facility = static_cast<int>(random.number(0, 11));
  spec.log.out_level = static_cast<int>(random.number(0, 7));
  spec.log.err_level = static_cast<int>(random.number(0, 7));
  if (random.coin()) spec.log.tag = "t" + random.text(5, false);
  for (uint64_t n = random.number(0, 3); n > 0; n--)
    spec.binds.push_back(
        {"/" + random.text(9, false), "/t" + std::to_string(n) + random.text(9, false), random.coin()});
  return config;
}

TEST(WriteJail, ReadsBackAsItWas) {
  int checked = 0;
  for (unsigned seed = 0; seed < 3000; seed++) {
    Random random(seed);
    const JailConfig config = random_config(random);
    if (!validate(config.spec)) continue;
    checked++;
    const std::string text = write_jail(config);
    const auto back = parse(text);
    ASSERT_TRUE(back) << "seed " << seed << ": " << error_text(back) << "\n" << text;
    ASSERT_EQ(*back, config) << "seed " << seed << "\n" << text;
    ASSERT_EQ(write_jail(*back), text);
  }
  EXPECT_GT(checked, 1500); // the generator makes mostly valid ones
}

} // namespace
} // namespace jails
