#include "cgroup/hierarchy.h"

#include <gtest/gtest.h>

namespace jails::cgroup {
namespace {

TEST(Hierarchies, Hybrid) {
  const auto found =
      Hierarchies::parse("31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
                         "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
                         "36 31 0:33 / /sys/fs/cgroup/cpu,cpuacct rw shared:4 - cgroup cgroup rw,cpu,cpuacct\n"
                         "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->v2, "/sys/fs/cgroup/unified");
  EXPECT_EQ(found->v1.at("memory"), "/sys/fs/cgroup/memory");
  EXPECT_EQ(found->v1.at("cpu"), "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_FALSE(found->v1.contains("pids"));
}

TEST(Hierarchies, UnifiedAndABindOfAPartIsNotTheHierarchy) {
  const auto found =
      Hierarchies::parse("50 1 0:30 /some/part /mnt rw - cgroup2 cgroup2 rw\n"
                         "31 23 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->v2, "/sys/fs/cgroup");
  EXPECT_TRUE(found->v1.empty());
}

TEST(Hierarchies, NoneOrGarbage) {
  for (auto text : {"", "\n\n", "x", " - cgroup2", "1 2 3 / /x rw -", "31 23 0:30 / /sys rw - tmpfs tmpfs rw\n"}) {
    const auto found = Hierarchies::parse(text);
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().kind(), ErrorKind::Unsupported);
  }
}

} // namespace
} // namespace jails::cgroup
