#include "model/instance.h"
#include "result.h"

#include <cstdlib>

namespace jails {
namespace {

TEST(Instance, TheMachinesOwn) {
  const auto instance = *Instance::named("");
  const auto web = *JailName::parse("web");
  EXPECT_EQ(instance.bpffs_dir(), "/sys/fs/bpf/jail");
  EXPECT_EQ(instance.cgroup_name(), "jail");
  EXPECT_EQ(instance.run_dir(), "/run/jail");
  EXPECT_EQ(instance.data_dir(), "/var/jailmgr");
  EXPECT_EQ(instance.config_dir(), "/etc/jailmgr");
  EXPECT_EQ(instance.log_dir(), "/var/log/jail");
  EXPECT_EQ(instance.control_socket(web), "/run/jail/web/control");
  EXPECT_EQ(instance.log_file(web), "/var/log/jail/web.log");
}

TEST(Instance, NamedShareNothing) {
  const auto instance = *Instance::named("t1");
  EXPECT_EQ(instance.bpffs_dir(), "/sys/fs/bpf/jail-t1");
  EXPECT_EQ(instance.data_dir(), "/var/jailmgr-t1");
  EXPECT_EQ(instance.jail_run_dir(*JailName::parse("web")), "/run/jail-t1/web");
}

TEST(Instance, Refused) {
  for (std::string bad : {"A", "a-b", "../x", "a/b", "abcdefghijklm", "a\n", "."})
    EXPECT_FALSE(Instance::named(bad)) << bad;
  EXPECT_ERROR(Instance::named("a/b"), ErrorKind::Usage,
               "JAIL_INSTANCE 'a/b': expected 1 to 12 characters of a-z and 0-9");
}

TEST(Instance, Environment) {
  setenv("JAIL_INSTANCE", "abcdefghijkl", 1);
  EXPECT_EQ(Instance::from_environment()->name(), "abcdefghijkl");
  setenv("JAIL_INSTANCE", "/", 1);
  EXPECT_FALSE(Instance::from_environment());
  unsetenv("JAIL_INSTANCE");
  EXPECT_EQ(Instance::from_environment()->name(), "");
}

} // namespace
} // namespace jails
