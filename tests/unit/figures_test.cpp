#include "cgroup/figures.h"

#include "result.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace jails::cgroup {
namespace {

// Directories that stand for hierarchies: nothing here is a cgroup.
class Figures : public testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/figures-XXXXXX";
    root_ = mkdtemp(name);
    where_.v2 = root_ + "/v2";
    std::filesystem::create_directories(where_.v2 + "/jail/web");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void put(const std::string &controller, const std::string &file, const std::string &text) {
    std::string dir = where_.v2;
    if (!controller.empty()) dir = where_.v1[controller] = root_ + "/" + controller;
    std::filesystem::create_directories(dir + "/jail/web");
    std::ofstream(dir + "/jail/web/" + file) << text;
  }
  cgroup::Figures read() {
    const auto group = Group::open(where_, "jail", *JailName::parse("web"));
    return group ? read_figures(*group) : cgroup::Figures{};
  }

  std::string root_;
  Hierarchies where_;
};

TEST_F(Figures, NothingIsKnownWithoutControllers) {
  put("", "cpu.stat", "usage_usec 500\nuser_usec 300\nsystem_usec 200\n"); // there without the controller
  const auto figures = read();
  EXPECT_FALSE(figures.memory_bytes);
  EXPECT_FALSE(figures.oom_kills);
  EXPECT_FALSE(figures.throttled_ns);
  EXPECT_FALSE(figures.read_bytes);
  EXPECT_FALSE(figures.cpu.some);
}

TEST_F(Figures, OfVersion2) {
  put("", "memory.max", "max\n");
  put("", "memory.current", "8192\n");
  put("", "memory.peak", "16384\n");
  put("", "memory.events", "low 0\nhigh 0\nmax 3\noom 2\noom_kill 1\noom_group_kill 0\n");
  put("", "cpu.max", "max 100000\n");
  put("", "cpu.stat", "usage_usec 500\nnr_throttled 2\nthrottled_usec 70\n");
  put("", "io.max", "");
  put("", "io.stat",
      "8:0 rbytes=4096 wbytes=100 rios=2 wios=3 dbytes=9 dios=9\n8:16 rbytes=1 wbytes=2 rios=3 wios=4\n");
  put("", "cpu.pressure",
      "some avg10=1.50 avg60=0.20 avg300=0.03 total=12345\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
  const auto figures = read();
  EXPECT_EQ(figures.memory_bytes, 8192U);
  EXPECT_EQ(figures.memory_peak_bytes, 16384U);
  EXPECT_FALSE(figures.memory_limit_bytes) << "max is no limit";
  EXPECT_EQ(figures.oom_kills, 1U);
  EXPECT_EQ(figures.throttled_ns, 70000U);
  EXPECT_EQ(figures.read_bytes, 4097U);
  EXPECT_EQ(figures.written_bytes, 102U);
  EXPECT_EQ(figures.reads, 5U);
  EXPECT_EQ(figures.writes, 7U);
  ASSERT_TRUE(figures.cpu.some && figures.cpu.full);
  EXPECT_EQ(figures.cpu.some->total_us, 12345U);
  EXPECT_DOUBLE_EQ(figures.cpu.some->avg10, 1.5);
  EXPECT_DOUBLE_EQ(figures.cpu.some->avg300, 0.03);
  EXPECT_EQ(figures.cpu.full->total_us, 7U);
  EXPECT_FALSE(figures.io.some);
}

TEST_F(Figures, OfVersion1) {
  put("memory", "memory.usage_in_bytes", "8192\n");
  put("memory", "memory.max_usage_in_bytes", "16384\n");
  put("memory", "memory.limit_in_bytes", "67108864\n");
  put("memory", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n");
  put("cpu", "cpu.stat", "nr_periods 10\nnr_throttled 2\nthrottled_time 70001\n");
  put("blkio", "blkio.throttle.io_service_bytes",
      "8:0 Read 4096\n8:0 Write 100\n8:0 Total 4196\n8:16 Read 1\nTotal 4197\n");
  put("blkio", "blkio.throttle.io_serviced", "8:0 Read 2\n8:0 Write 3\n8:0 Total 5\nTotal 5\n");
  const auto figures = read();
  EXPECT_EQ(figures.memory_bytes, 8192U);
  EXPECT_EQ(figures.memory_peak_bytes, 16384U);
  EXPECT_EQ(figures.memory_limit_bytes, 67108864U);
  EXPECT_EQ(figures.oom_kills, 4U);
  EXPECT_EQ(figures.throttled_ns, 70001U);
  EXPECT_EQ(figures.read_bytes, 4097U);
  EXPECT_EQ(figures.written_bytes, 100U);
  EXPECT_EQ(figures.reads, 2U);
  EXPECT_EQ(figures.writes, 3U);
}

TEST_F(Figures, ADiskThatWasNotTouchedIsZero) {
  put("", "io.max", "");
  put("", "io.stat", "");
  EXPECT_EQ(read().read_bytes, 0U);
}

TEST(StallTest, Garbage) {
  for (auto text : {"", "some", "some ", "some avg10", "some total=", "some total=x", "full total=1", "some avg10=1"})
    EXPECT_FALSE(stall(text, "some")) << text;
}

} // namespace
} // namespace jails::cgroup
