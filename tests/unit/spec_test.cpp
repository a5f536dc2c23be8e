#include "model/spec.h"
#include "result.h"

#include <functional>

namespace jails {
namespace {

Spec good() { return default_spec(*JailName::parse("web"), "/srv/web"); }

TEST(Restart, ByName) {
  for (auto policy : {RestartPolicy::Always, RestartPolicy::OnFailure, RestartPolicy::Never})
    EXPECT_EQ(*parse_restart(to_string(policy)), policy);
  EXPECT_ERROR(parse_restart("onfailure"), ErrorKind::Usage,
               "restart 'onfailure': expected always, on-failure or never");
}

TEST(Path, Accepted) {
  for (std::string path : {"/a", "/srv/web", "/a.b/..c/...", "/b\xc3\xbcro/x y", "/a'b\\c"})
    EXPECT_TRUE(check_path("root", path, 255)) << path;
  EXPECT_TRUE(check_path("root", "/" + std::string(254, 'a'), 255));
}

TEST(Path, Refused) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "'': expected an absolute path"},
      {"srv", "'srv': not absolute, it must start with '/'"},
      {"./srv", "'./srv': not absolute, it must start with '/'"},
      {"/", "'/': cannot be '/' itself"},
      {"//", "'//': has an empty component, write no '//' and no '/' at the end"},
      {"//srv", "'//srv': has an empty component, write no '//' and no '/' at the end"},
      {"/srv/", "'/srv/': has an empty component, write no '//' and no '/' at the end"},
      {"/srv//web", "'/srv//web': has an empty component, write no '//' and no '/' at the end"},
      {"/.", "'/.': has a '.' or '..' component, write the path out"},
      {"/srv/../etc", "'/srv/../etc': has a '.' or '..' component, write the path out"},
      {"/srv/..", "'/srv/..': has a '.' or '..' component, write the path out"},
      {"/srv\n", "'/srv\\x0a': has control characters or is not UTF-8"},
      {std::string("/srv\0x", 6), "'/srv\\x00x': has control characters or is not UTF-8"},
      {"/\xff", "'/\\xff': has control characters or is not UTF-8"},
      {"/\xe2\x80\xae", "'/\\xe2\\x80\\xae': has control characters or is not UTF-8"}};
  for (const auto &[path, text] : cases) EXPECT_ERROR(check_path("root", path, 255), ErrorKind::Usage, "root " + text);
  EXPECT_EQ(error_text(check_path("root", "/" + std::string(255, 'a'), 255)),
            "root '/" + std::string(63, 'a') + "...': longer than 255 bytes");
  EXPECT_TRUE(
      error_text(check_path("root", "/" + std::string(256, 'a'), 4095)).ends_with("component longer than 255 bytes"));
}

TEST(Spec, DefaultIsValid) { EXPECT_TRUE(validate(good())) << error_text(validate(good())); }

TEST(Spec, Accepted) {
  const std::vector<std::function<void(Spec &)>> cases = {
      [](Spec &s) { s.limits.memory = 1U << 20; },
      [](Spec &s) { s.limits.memory = INT64_MAX; },
      [](Spec &s) { s.limits.processes = 4194304; },
      [](Spec &s) { s.limits.files = 16; },
      [](Spec &s) { s.limits.sockbuf = kSockbufMin; },
      [](Spec &s) { s.limits.cpu_quota = 1, s.limits.cpu_period = 1000; },
      [](Spec &s) { s.limits.cpu_quota = 1000000, s.limits.cpu_period = 1000000; },
      [](Spec &s) { s.stop_grace_ms = 0; },
      [](Spec &s) { s.stop_grace_ms = 3600000; },
      [](Spec &s) { s.hostname = "web_1.example.org"; },
      [](Spec &s) { s.hostname = std::string(64, 'h'); },
      [](Spec &s) { s.command = {"/bin/true", "", "a\nb", "\xff"}; },
      [](Spec &s) {
        s.binds = {{"/srv/a", "/data", true}, {"/srv/a", "/data/b", false}, {"/srv/c", "/devices", true}};
      },
  };
  for (size_t i = 0; i < cases.size(); i++) {
    Spec spec = good();
    cases[i](spec);
    EXPECT_TRUE(validate(spec)) << i << ": " << error_text(validate(spec));
  }
}

TEST(Spec, Refused) {
  struct Case {
    std::string_view text;
    std::function<void(Spec &)> change;
  };
  const std::vector<Case> cases = {
      {"root 'srv': not absolute, it must start with '/'", [](Spec &s) { s.root = "srv"; }},
      {"port 80 is given twice", [](Spec &s) { s.ports = {{.port = 80}, {.port = 80}}; }},
      {"port '0': expected a number from 1 to 65535, like 8080, udp/53 or tcp/443@10.0.0.5",
       [](Spec &s) { s.ports = {{.port = 0}}; }},
      {"port 80: no such protocol or address family", [](Spec &s) { s.ports = {{.port = 80, .protos = 0}}; }},
      {"port 80: no such protocol or address family", [](Spec &s) { s.ports = {{.port = 80, .protos = 4}}; }},
      {"port 80: no such protocol or address family", [](Spec &s) { s.ports = {{.port = 80, .family = 5}}; }},
      {"port '80@0.0.0.0': the wildcard address is what a port without '@' means, leave it out",
       [](Spec &s) { s.ports = {{.port = 80, .family = 4}}; }},
      {"limit 'memory' 0: expected at least 1M", [](Spec &s) { s.limits.memory = 0; }},
      {"limit 'memory' 1048575: expected at least 1M", [](Spec &s) { s.limits.memory = 1048575; }},
      {"limit 'memory' 8388608T: expected less than 8388608T", [](Spec &s) { s.limits.memory = 1ULL << 63; }},
      {"limit 'processes' 0: expected 1 to 4194304", [](Spec &s) { s.limits.processes = 0; }},
      {"limit 'processes' 4194305: expected 1 to 4194304", [](Spec &s) { s.limits.processes = 4194305; }},
      {"limit 'files' 0: expected 16 to 2147483647", [](Spec &s) { s.limits.files = 0; }},
      {"limit 'sockbuf' 8191: expected at least 8K", [](Spec &s) { s.limits.sockbuf = 8191; }},
      {"limit 'cpu_quota' 0: expected 1 to 1000000",
       [](Spec &s) { s.limits.cpu_quota = 0, s.limits.cpu_period = 1000; }},
      {"limit 'cpu_period' 999: expected 1000 to 1000000",
       [](Spec &s) { s.limits.cpu_quota = 1, s.limits.cpu_period = 999; }},
      {"limit 'cpu_period' 1000001: expected 1000 to 1000000",
       [](Spec &s) { s.limits.cpu_quota = 1, s.limits.cpu_period = 1000001; }},
      {"CPU quota without CPU period: give both or none", [](Spec &s) { s.limits.cpu_quota = 1; }},
      {"CPU period without CPU quota: give both or none", [](Spec &s) { s.limits.cpu_period = 1000; }},
      {"mount source 'a': not absolute, it must start with '/'", [](Spec &s) { s.binds = {{"a", "/b", true}}; }},
      {"mount source '/': cannot be '/' itself", [](Spec &s) { s.binds = {{"/", "/b", true}}; }},
      {"mount target '/': cannot be '/' itself", [](Spec &s) { s.binds = {{"/a", "/", true}}; }},
      {"mount target '/b/../c': has a '.' or '..' component, write the path out",
       [](Spec &s) { s.binds = {{"/a", "/b/../c", true}}; }},
      {"mount target '/dev': /dev is the jail's own mount", [](Spec &s) { s.binds = {{"/a", "/dev", true}}; }},
      {"mount target '/proc/x': /proc is the jail's own mount", [](Spec &s) { s.binds = {{"/a", "/proc/x", true}}; }},
      {"mount target '/sys/fs': /sys is the jail's own mount", [](Spec &s) { s.binds = {{"/a", "/sys/fs", true}}; }},
      {"mount target '/b' is given twice", [](Spec &s) { s.binds = {{"/a", "/b", true}, {"/c", "/b", false}}; }},
      {"command: the name of the program is empty", [](Spec &s) { s.command = {"", "x"}; }},
      {"command: 'a\\x00b' has a NUL character", [](Spec &s) { s.command = {"x", std::string("a\0b", 3)}; }},
      {"command: longer than 1 MiB", [](Spec &s) { s.command.assign(20, std::string(100000, 'x')); }},
      {"stop grace 3600001 ms: expected 0 to 3600000", [](Spec &s) { s.stop_grace_ms = 3600001; }},
      {"log facility 12: not known", [](Spec &s) { s.log.facility = 12; }},
      {"log level 8: expected 0 to 7", [](Spec &s) { s.log.out_level = 8; }},
      {"log level -1: expected 0 to 7", [](Spec &s) { s.log.err_level = -1; }},
      {"log tag '': expected 1 to 63 characters, not only blanks", [](Spec &s) { s.log.tag = ""; }},
      {"log tag 'a\\x09b': has control characters", [](Spec &s) { s.log.tag = "a\tb"; }},
      {"host name 'a b': expected 1 to 64 characters of A-Z a-z 0-9 . _ and -, not starting with '.' or '-'",
       [](Spec &s) { s.hostname = "a b"; }},
      {"host name '-a': expected 1 to 64 characters of A-Z a-z 0-9 . _ and -, not starting with '.' or '-'",
       [](Spec &s) { s.hostname = "-a"; }},
  };
  for (const auto &[text, change] : cases) {
    Spec spec = good();
    change(spec);
    EXPECT_ERROR(validate(spec), ErrorKind::Usage, text);
  }
  Spec spec = good();
  spec.command = {std::string(131072, 'x')};
  EXPECT_TRUE(error_text(validate(spec)).ends_with("...' is longer than 131071 bytes"));
}

TEST(Restart, LimitsThatCannotBeReachedAreRefused) {
  for (const Restart good : {Restart{}, Restart{.limit = 5}, Restart{.limit = 1, .window_ms = 1000},
                             Restart{.limit = 8, .window_ms = 60000}, Restart{.limit = 1000, .window_ms = 86400000}})
    EXPECT_TRUE(check_restart(good)) << good.limit;
  EXPECT_ERROR(check_restart({.limit = 9}), ErrorKind::Usage,
               "restart limit 9: that many restarts take 64 s at least, and never fall into a window of 60 s");
  EXPECT_ERROR(check_restart({.limit = 1001}), ErrorKind::Usage, "restart limit 1001: expected 0 to 1000");
  EXPECT_ERROR(check_restart({.window_ms = 999}), ErrorKind::Usage, "restart window 999 ms: expected 1000 to 86400000");
}

} // namespace
} // namespace jails
