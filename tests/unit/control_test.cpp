// Limits as the control files of both kinds of hierarchy have them.
#include "cgroup/control.h"

#include "cgroup/group.h"
#include "cgroup/place.h"
#include "cgroup/usage.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace jails::cgroup {
namespace {

using Lines = std::vector<std::string>;

Limits made_of(std::vector<std::string_view> words) {
  Limits limits;
  EXPECT_TRUE(change_limits(limits, words));
  return limits;
}

// "FILE VALUE" for each write, in order.
Lines writes(const std::vector<Setting> &settings, bool v1) {
  Lines lines;
  for (const auto &setting : settings)
    for (const auto &write : v1 ? setting.v1 : setting.v2) lines.push_back(std::string(write.file) + " " + write.value);
  return lines;
}

TEST(Control, EachLimitOnBothKinds) {
  const Limits limits = made_of({"memory=64M", "swap=16M", "oom=group", "processes=20", "cpu=1.5", "cpu-weight=50",
                                 "cpus=0-3", "io-read=5M", "iops-write=7"});
  const auto settings = settings_of({limits, {{"8:0", limits.io[0]}}});
  EXPECT_EQ(
      writes(settings, true),
      (Lines{"memory.memsw.limit_in_bytes -1", "memory.limit_in_bytes 67108864", "memory.memsw.limit_in_bytes 83886080",
             "pids.max 21", "cpu.cfs_period_us 100000", "cpu.cfs_quota_us 150000", "cpu.shares 512", "cpuset.cpus 0-3",
             "blkio.throttle.read_bps_device 8:0 5242880", "blkio.throttle.write_iops_device 8:0 7"}));
  EXPECT_EQ(writes(settings, false), (Lines{"memory.max 67108864", "memory.swap.max 16777216", "memory.oom.group 1",
                                            "pids.max 21", "cpu.max 150000 100000", "cpu.weight 50", "cpuset.cpus 0-3",
                                            "io.max 8:0 rbps=5242880", "io.max 8:0 wiops=7"}));
}

TEST(Control, WhatOneKindCannotHoldHasAReasonOrIsHeldElsewhere) {
  const Limits limits = made_of({"memory-high=64M", "sockbuf=1M"});
  const auto settings = settings_of({limits, {}});
  ASSERT_EQ(settings.size(), 2U);
  EXPECT_NE(settings[0].v1_reason, nullptr);
  EXPECT_FALSE(settings[0].elsewhere);
  EXPECT_EQ(settings[1].v1_reason, nullptr);
  EXPECT_TRUE(settings[1].elsewhere) << "each socket, by BPF";
  EXPECT_EQ(writes(settings, true), (Lines{"memory.kmem.tcp.limit_in_bytes 1048576"}));
  EXPECT_EQ(writes(settings, false), (Lines{"memory.high 67108864"}));
}

TEST(Control, WhatIsTakenAwayIsReset) {
  const Limits from = made_of({"memory=64M", "swap=0", "processes=20", "cpu=1", "cpus=0", "io-read=5M,/dev/b:6M"});
  const Limits to = made_of({"io-read=/dev/b:7M"});
  const Wanted before{from, {{"8:0", from.io[0]}, {"8:16", from.io[1]}}};
  const auto settings = settings_of({to, {{"8:16", to.io[0]}}}, &before);
  EXPECT_EQ(writes(settings, true),
            (Lines{"memory.memsw.limit_in_bytes -1", "memory.limit_in_bytes -1", "pids.max max",
                   "cpu.cfs_period_us 100000", "cpu.cfs_quota_us -1", "cpuset.cpus \n",
                   "blkio.throttle.read_bps_device 8:16 7340032", "blkio.throttle.read_bps_device 8:0 0"}));
  EXPECT_EQ(writes(settings, false),
            (Lines{"memory.max max", "memory.swap.max max", "pids.max max", "cpu.max max 100000", "cpuset.cpus \n",
                   "io.max 8:16 rbps=7340032", "io.max 8:0 rbps=max"}));
}

TEST(Control, ReadsBack) {
  const auto back = [](const char *value, ReadBack how, const char *text) {
    return reads_back({.file = "x", .value = value, .how = how}, text);
  };
  EXPECT_TRUE(back("max 100000", ReadBack::Text, "max 100000\n"));
  EXPECT_FALSE(back("50000 100000", ReadBack::Text, "max 100000\n"));
  EXPECT_TRUE(back("\n", ReadBack::Text, "\n"));
  EXPECT_TRUE(back("1000000", ReadBack::Size, "999424\n")); // pages
  EXPECT_FALSE(back("1000000", ReadBack::Size, "1000001\n"));
  EXPECT_FALSE(back("1000000", ReadBack::Size, "900000\n"));
  EXPECT_TRUE(back("-1", ReadBack::Size, "9223372036854771712\n"));
  EXPECT_FALSE(back("-1", ReadBack::Size, "1048576\n"));
  EXPECT_TRUE(back("max", ReadBack::Size, "max\n"));
  EXPECT_FALSE(back("4096", ReadBack::Size, "max\n"));
  EXPECT_TRUE(back("8:0 rbps=5", ReadBack::Device, "8:16 rbps=7 wbps=max\n8:0 rbps=5 wbps=max riops=max wiops=max\n"));
  EXPECT_FALSE(back("8:0 rbps=5", ReadBack::Device, "8:0 rbps=50 wbps=max\n"));
  EXPECT_FALSE(back("8:0 rbps=5", ReadBack::Device, ""));
  EXPECT_TRUE(back("8:0 rbps=max", ReadBack::Device, ""));
  EXPECT_FALSE(back("8:0 rbps=max", ReadBack::Device, "8:0 rbps=5 wbps=max\n"));
  EXPECT_TRUE(back("8:0 5242880", ReadBack::Device, "8:0 5242880\n"));
  EXPECT_TRUE(back("8:0 0", ReadBack::Device, "18:0 5\n"));
  EXPECT_FALSE(back("8:0 0", ReadBack::Device, "8:0 5\n"));
}

TEST(Control, Counters) {
  EXPECT_EQ(keyed_value("low 0\nhigh 2\nmax 17\noom 1\noom_kill 3\n", "max"), 17U);
  EXPECT_EQ(keyed_value("low 0\nhigh 2\nmax 17\noom 1\noom_kill 3\n", "oom_kill"), 3U);
  EXPECT_EQ(keyed_value("low 0\n", "max"), std::nullopt);
  EXPECT_EQ(single_value("123\n"), 123U);
  EXPECT_EQ(single_value("max\n"), std::nullopt);
  EXPECT_EQ(single_value("9223372036854771712\n"), std::nullopt);
  EXPECT_EQ(device_value("8:0 rbytes=4096 wbytes=5\n", "8:0", "wbytes"), 5U);
  EXPECT_EQ(device_value("8:0 Read 4096\n8:0 Write 7\n", "8:0", "Write"), 7U);
  EXPECT_EQ(device_value("18:0 Read 4096\n", "8:0", "Read"), std::nullopt);
}

// Directories laid out like hierarchies: which one is chosen, and that a file that says something else is an error.
class Layout : public testing::Test {
protected:
  void SetUp() override {
    std::string path = "/tmp/jails-control-XXXXXX";
    ASSERT_NE(mkdtemp(path.data()), nullptr);
    top_ = path;
    file("v2/cgroup.controllers", "cpu io memory\n");
    where_.v2 = top_ + "/v2";
  }
  void TearDown() override { std::filesystem::remove_all(top_); }
  void file(const std::string &name, const std::string &text) {
    std::filesystem::create_directories(std::filesystem::path(top_ + "/" + name).parent_path());
    std::ofstream(top_ + "/" + name) << text;
  }
  std::string top_;
  Hierarchies where_;
};

TEST_F(Layout, V1WhereItIsElseV2ElseRefused) {
  where_.v1["memory"] = top_ + "/memory";
  const Limits limits = made_of({"memory=64M", "cpu=1", "processes=5"});
  const auto refused = place(where_, settings_of({limits, {}}), false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(), "limit 'processes': this host has no 'pids' cgroup controller");
  EXPECT_EQ(refused.error().kind(), ErrorKind::Unsupported);
  const auto lenient = place(where_, settings_of({limits, {}}), true);
  ASSERT_TRUE(lenient);
  ASSERT_EQ(lenient->placed.size(), 2U);
  EXPECT_TRUE(lenient->placed[0].v1);
  EXPECT_FALSE(lenient->placed[1].v1);
  EXPECT_EQ(lenient->warnings, Lines{"limit 'processes': this host has no 'pids' cgroup controller; not limited"});
}

TEST_F(Layout, WhatIsHeldElsewhereNeedsNoController) {
  const auto without = place(where_, settings_of({made_of({"sockbuf=1M"}), {}}), false);
  ASSERT_TRUE(without) << without.error().text();
  EXPECT_TRUE(without->placed.empty());
  EXPECT_TRUE(without->warnings.empty());
  where_.v1["memory"] = top_ + "/memory";
  const auto with = place(where_, settings_of({made_of({"sockbuf=1M"}), {}}), false);
  ASSERT_TRUE(with);
  ASSERT_EQ(with->placed.size(), 1U) << "of TCP together";
  EXPECT_TRUE(with->placed[0].v1);
}

TEST_F(Layout, TakingAwayWhatCouldNotBeIsNoError) {
  const Limits from = made_of({"processes=5", "cpu=1"});
  const Limits to;
  const Wanted before{from, {}};
  const auto placed = place(where_, settings_of({to, {}}, &before), false);
  ASSERT_TRUE(placed);
  ASSERT_EQ(placed->placed.size(), 1U);
  EXPECT_STREQ(placed->placed[0].setting.limit, "cpu");
  EXPECT_TRUE(placed->warnings.empty());
}

TEST_F(Layout, WrittenAndReadBack) {
  file("v2/jail/web/memory.max", "max\n");
  const Limits limits = made_of({"memory=64M"});
  auto placed = place(where_, settings_of({limits, {}}), false);
  ASSERT_TRUE(placed);
  EXPECT_TRUE(write_setting(placed->placed[0], "jail", "web"));
  std::ifstream in(top_ + "/v2/jail/web/memory.max");
  std::string text;
  in >> text;
  EXPECT_EQ(text, "67108864");
  // /dev/null takes the write and says nothing of it.
  std::filesystem::remove(top_ + "/v2/jail/web/memory.max");
  std::filesystem::create_symlink("/dev/null", top_ + "/v2/jail/web/memory.max");
  const auto lost = write_setting(placed->placed[0], "jail", "web");
  ASSERT_FALSE(lost);
  EXPECT_TRUE(lost.error().text().ends_with("wrote '67108864', and the kernel says ''")) << lost.error().text();
}

const LimitUse *use_of(const std::vector<LimitUse> &uses, std::string_view limit) {
  for (const auto &use : uses)
    if (use.limit == limit) return &use;
  return nullptr;
}

// What a v2 hierarchy with all controllers says; the files are copies of the kernel's (cgroup-v2.rst).
TEST_F(Layout, UsesOnV2) {
  const std::string web = "v2/jail/web/";
  file(web + "memory.max", "67108864\n");
  file(web + "memory.high", "33554432\n");
  file(web + "memory.current", "1048576\n");
  file(web + "memory.peak", "2097152\n");
  file(web + "memory.events", "low 0\nhigh 4\nmax 17\noom 3\noom_kill 2\noom_group_kill 1\n");
  file(web + "memory.oom.group", "1\n");
  file(web + "memory.swap.max", "0\n");
  file(web + "memory.swap.current", "0\n");
  file(web + "memory.swap.events", "high 0\nmax 5\nfail 5\n");
  file(web + "memory.stat", "anon 4096\nfile 0\nsock 8192\n");
  file(web + "pids.max", "21\n");
  file(web + "pids.current", "3\n");
  file(web + "pids.peak", "21\n");
  file(web + "pids.events", "max 6\n");
  file(web + "cpu.max", "150000 100000\n");
  file(web + "cpu.weight", "50\n");
  file(web + "cpu.stat", "usage_usec 5\nnr_periods 9\nnr_throttled 8\nthrottled_usec 7\n");
  file(web + "cpuset.cpus", "0-1\n");
  file(web + "cpuset.cpus.effective", "0-1\n");
  file(web + "cgroup.procs", "\n");
  const auto group = Group::open(where_, "jail", *JailName::parse("web"));
  ASSERT_TRUE(group) << group.error().text();
  const Limits limits = made_of(
      {"memory=64M", "memory-high=32M", "swap=0", "oom=group", "processes=20", "cpu=1.5", "cpu-weight=50", "cpus=0-1"});
  const auto uses = limit_uses(*group, limits, "/", getpid());
  const auto *memory = use_of(uses, "memory");
  EXPECT_EQ(memory->active, "67108864");
  EXPECT_EQ(memory->current, 1048576);
  EXPECT_EQ(memory->peak, 2097152);
  EXPECT_EQ(memory->hits, 17U);
  EXPECT_EQ(memory->by, "cgroup v2 memory");
  EXPECT_EQ(use_of(uses, "memory_high")->active, "33554432");
  EXPECT_EQ(use_of(uses, "memory_high")->hits, 4U);
  EXPECT_EQ(use_of(uses, "swap")->active, "0");
  EXPECT_EQ(use_of(uses, "swap")->hits, 5U);
  EXPECT_EQ(use_of(uses, "oom")->active, "group");
  EXPECT_EQ(use_of(uses, "oom")->hits, 2U);
  EXPECT_EQ(use_of(uses, "sockbuf")->current, 8192);
  EXPECT_EQ(use_of(uses, "sockbuf")->by, "");
  const auto *processes = use_of(uses, "processes");
  EXPECT_EQ(processes->active, "20") << "without the anchor";
  EXPECT_EQ(processes->current, 2);
  EXPECT_EQ(processes->peak, 20);
  EXPECT_EQ(processes->hits, 6U);
  EXPECT_EQ(use_of(uses, "cpu")->active, "150000/100000");
  EXPECT_EQ(use_of(uses, "cpu")->hits, 8U);
  EXPECT_EQ(use_of(uses, "cpu_weight")->active, "50");
  EXPECT_EQ(use_of(uses, "cpus")->active, "0-1");
}

TEST_F(Layout, UsesOfNothingAreUnknown) {
  file("v2/jail/web/cgroup.procs", "\n");
  const auto group = Group::open(where_, "jail", *JailName::parse("web"));
  ASSERT_TRUE(group);
  for (const auto &use : limit_uses(*group, Limits{}, "/", getpid())) {
    if (use.limit == "files") continue; // every process has one
    EXPECT_EQ(use.active, "") << use.limit;
    EXPECT_EQ(use.by, "") << use.limit;
    EXPECT_FALSE(use.hits) << use.limit;
  }
}

// A running jail's limits on v2: all of a change or nothing of it.
TEST_F(Layout, AChangeThatFailsIsTakenBack) {
  for (const char *dir : {"v2/", "v2/jail/"}) file(std::string(dir) + "cgroup.subtree_control", "cpu memory\n");
  file("v2/jail/web/cgroup.procs", "\n");
  file("v2/jail/web/memory.max", "67108864");
  std::filesystem::create_symlink("/dev/null", top_ + "/v2/jail/web/cpu.max"); // takes it, and says nothing of it
  auto group = Group::open(where_, "jail", *JailName::parse("web"));
  ASSERT_TRUE(group);
  const Limits before = made_of({"memory=64M"});
  const auto changed = group->change(where_, "jail", before, made_of({"memory=32M", "cpu=1"}), "/");
  ASSERT_FALSE(changed);
  EXPECT_TRUE(changed.error().text().starts_with("limit 'cpu': ")) << changed.error().text();
  std::ifstream in(top_ + "/v2/jail/web/memory.max");
  std::string text;
  in >> text;
  EXPECT_EQ(text, "67108864");
  // The control: without the part that fails it goes through.
  EXPECT_TRUE(group->change(where_, "jail", before, made_of({"memory=32M"}), "/"));
}

} // namespace
} // namespace jails::cgroup
