#include "model/limits.h"
#include "result.h"

namespace jails {
namespace {

Status change(Limits &limits, std::vector<std::string_view> words) { return change_limits(limits, words); }
Limits made_of(std::vector<std::string_view> words) {
  Limits limits;
  EXPECT_TRUE(change(limits, std::move(words)));
  return limits;
}

TEST(Limits, WordsOfEachKey) {
  const Limits limits = made_of({"memory=1G", "memory-high=512M", "swap=0", "oom=group", "processes=20", "files=64",
                                 "sockbuf=4M", "cpu=1.5", "cpu_weight=50", "cpus=6,0-2,3", "io-read=50M,/dev/sdb:10M",
                                 "iops_write=8:0:100", "best-effort=true"});
  EXPECT_EQ(limits.memory, 1ULL << 30U);
  EXPECT_EQ(limits.memory_high, 512ULL << 20U);
  EXPECT_EQ(limits.swap, 0U);
  EXPECT_EQ(limits.oom, OomKill::Group);
  EXPECT_EQ(limits.cpu, 1500U);
  EXPECT_EQ(limits.cpus, "0-3,6");
  ASSERT_EQ(limits.io.size(), 3U);
  EXPECT_EQ(limits.io[0], (IoLimit{.device = "", .read_bytes = 50U << 20U}));
  EXPECT_EQ(limits.io[1], (IoLimit{.device = "/dev/sdb", .read_bytes = 10U << 20U}));
  EXPECT_EQ(limits.io[2], (IoLimit{.device = "8:0", .write_ops = 100}));
  EXPECT_TRUE(limits.best_effort);
  // All of it survives as words: what a supervisor is handed.
  const auto words = limit_words(limits);
  EXPECT_EQ(made_of({words.begin(), words.end()}), limits);
}

TEST(Limits, NoneTakesAway) {
  Limits limits = made_of({"memory=1G", "swap=0", "cpus=0", "io-read=50M,/dev/sdb:10M", "io-write=/dev/sdb:1M"});
  ASSERT_TRUE(change(limits, {"swap=none", "cpus=none", "io-read=none"}));
  EXPECT_EQ(limits, made_of({"memory=1G", "io-write=/dev/sdb:1M"}));
  ASSERT_TRUE(change(limits, {"memory=none", "io-write=none"}));
  EXPECT_EQ(limits, Limits{});
}

TEST(Limits, CpuReplacesQuotaAndBack) {
  Limits limits = made_of({"cpu-quota=50", "cpu-period=100000"});
  ASSERT_TRUE(change(limits, {"cpu=2"}));
  EXPECT_EQ(limits, made_of({"cpu=2"}));
  ASSERT_TRUE(change(limits, {"cpu-quota=50", "cpu-period=100000"}));
  EXPECT_EQ(limits, made_of({"cpu-quota=50", "cpu-period=100000"}));
  ASSERT_TRUE(change(limits, {"memory=1G"}));
  EXPECT_EQ(limits.cpu_quota, 50U);
}

TEST(Limits, CpuTime) {
  for (const auto &[word, quota] : std::vector<std::pair<std::string_view, uint64_t>>{
           {"cpu=1.5", 150000}, {"cpu=50%", 50000}, {"cpu=12.5%", 12500}, {"cpu=0.01", 1000}, {"cpu=2", 200000}}) {
    EXPECT_EQ(cpu_time(made_of({word})).quota, quota) << word;
    EXPECT_EQ(cpu_time(made_of({word})).period, 100000U);
  }
  const auto ticks = cpu_time(made_of({"cpu-quota=3", "cpu-period=40000"}));
  EXPECT_EQ(ticks.quota, 30000U);
  EXPECT_EQ(ticks.period, 40000U);
  EXPECT_EQ(cpu_time(Limits{}).quota, 0U);
}

TEST(Limits, Refused) {
  const std::vector<std::pair<std::vector<std::string_view>, std::string>> cases = {
      {{"memory"}, "'memory': expected LIMIT=VALUE, like memory=1G or cpu=none"},
      {{"memory="}, "'memory=': expected LIMIT=VALUE, like memory=1G or cpu=none"},
      {{"memroy=1G"}, "there is no limit 'memroy': did you mean 'memory'?"},
      {{"memory=1G", "memory=2G"}, "limit 'memory' is given twice"},
      {{"memory=0"}, "limit 'memory': 0 is no limit; leave the option out"},
      {{"memory=12Q"},
       "limit 'memory': size '12Q': not a size, expected a number of bytes or one with K, M, G or T, like 512M"},
      {{"memory=99999999T"},
       "limit 'memory': size '99999999T': too large, expected a number of bytes or one with K, M, G or T, like 512M"},
      {{"memory=4096"}, "limit 'memory' 4K: expected at least 1M"},
      {{"processes=-1"}, "limit 'processes': '-1' is not a number of processes above 0"},
      {{"processes=4194305"}, "limit 'processes' 4194305: expected 1 to 4194304"},
      {{"cpu=0"}, "limit 'cpu': '0' is not a number of CPUs like 1.5, or a share of one like 50%"},
      {{"cpu=1.2345"}, "limit 'cpu': '1.2345' is not a number of CPUs like 1.5, or a share of one like 50%"},
      {{"cpu=1."}, "limit 'cpu': '1.' is not a number of CPUs like 1.5, or a share of one like 50%"},
      {{"cpu=-1"}, "limit 'cpu': '-1' is not a number of CPUs like 1.5, or a share of one like 50%"},
      {{"cpu=0.001"}, "limit 'cpu' 0.001: expected 0.01 to 8192"},
      {{"cpu=9000"}, "limit 'cpu' 9000: expected 0.01 to 8192"},
      {{"cpu=1", "cpu-quota=5", "cpu-period=10000"}, "CPU limit and CPU quota: give one of them"},
      {{"cpu-quota=5"}, "CPU quota without CPU period: give both or none"},
      {{"cpu-weight=10001"}, "limit 'cpu_weight' 10001: expected 1 to 10000"},
      {{"cpus=a"}, "limit 'cpus': 'a': not a list of CPUs, expected CPU numbers like 0-3,6"},
      {{"cpus=0,,1"}, "limit 'cpus': '0,,1': not a list of CPUs, expected CPU numbers like 0-3,6"},
      {{"cpus=3-1"}, "limit 'cpus': '3-1': a range that ends before it begins, expected CPU numbers like 0-3,6"},
      {{"cpus=8192"}, "limit 'cpus': '8192': no CPU has that number, expected CPU numbers like 0-3,6"},
      {{"swap=1G"}, "swap limit without memory limit: give memory as well"},
      {{"oom=group"}, "oom without memory limit: give memory as well"},
      {{"oom=all"}, "limit 'oom': 'all': expected group or process"},
      {{"memory=10M", "memory-high=11M"}, "high memory limit above the memory limit: it would never be reached"},
      {{"io-read=:5M"}, "limit 'io_read': ':5M': expected RATE or DEVICE:RATE"},
      {{"io-read=5M,6M"}, "limit 'io_read': '5M,6M': the same device twice"},
      {{"iops-read=0"}, "limit 'iops_read': '0' is not a number of operations above 0"},
      {{"iops-read=4294967296"}, "limit 'iops_read' 4294967296: expected 1 to 4294967295"}};
  for (const auto &[words, text] : cases) {
    Limits limits = made_of({"files=64"});
    EXPECT_ERROR(change(limits, words), ErrorKind::Usage, text);
    EXPECT_EQ(limits, made_of({"files=64"})) << "half of it was done: " << text;
  }
}

TEST(Limits, CpusOfAKernelText) {
  EXPECT_EQ(cpus_of("0-2,5\n"), (std::vector<uint32_t>{0, 1, 2, 5}));
  EXPECT_TRUE(cpus_of("\n").empty());
}

TEST(Limits, DiskSpaceAndInodes) {
  EXPECT_EQ(limit_words(made_of({"disk=2G", "inodes=1000"})),
            (std::vector<std::string>{"disk=2147483648", "inodes=1000"}));
  Limits limits;
  EXPECT_ERROR(change(limits, {"disk=1M"}), ErrorKind::Usage, "limit 'disk' 1M: expected at least 16M");
  EXPECT_ERROR(change(limits, {"inodes=5"}), ErrorKind::Usage, "limit 'inodes' 5: expected 64 to 4294967295");
  EXPECT_FALSE(change(limits, {"inodes=0"}));
  EXPECT_EQ(limits, Limits{});
}

} // namespace
} // namespace jails
