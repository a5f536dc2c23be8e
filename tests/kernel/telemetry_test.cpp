#include "member.h"
#include "world.h"

#include "secmodel/telemetry.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <memory>
#include <sched.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace jails::test {
namespace {

constexpr double kTolerance = 0.01;

class TelemetryTest : public World {
protected:
  JailUsage usage(const std::string &jail) {
    const auto telemetry = Telemetry::open(test_instance());
    const auto all = telemetry->snapshot();
    const auto one = std::ranges::find(*all, jail, [](const JailUsage &u) { return u.jail.name; });
    return one == all->end() ? JailUsage{} : *one;
  }
  // What the scheduler itself says, in ns.
  uint64_t kernels_cpu(const std::string &jail) {
    std::ifstream file(cgroup_of(jail) + "/cpu.stat");
    std::string key;
    uint64_t usec = 0;
    file >> key >> usec;
    return usec * 1000;
  }
};

[[noreturn]] void spin() {
  while (true) {
  }
}

void sleep_ms(int ms) { usleep(static_cast<useconds_t>(ms) * 1000); }

double deviation(uint64_t got, uint64_t want) {
  return std::abs(static_cast<double>(got) - static_cast<double>(want)) / static_cast<double>(want);
}

TEST_F(TelemetryTest, CpuOfABusyChild) {
  make_jail("busy", Profile::High, "");
  make_jail("idle", Profile::High, "");
  Member child(cgroup_of("busy"), [](const auto &) { sleep_ms(10), spin(); });
  Member bystander("", [](const auto &) { spin(); }); // so that the two switch
  sleep_ms(500);
  const uint64_t first = usage("busy").cpu_total_ns;
  const uint64_t first_kernel = kernels_cpu("busy");
  sleep_ms(2000);
  const uint64_t used = usage("busy").cpu_total_ns - first;
  const uint64_t want = kernels_cpu("busy") - first_kernel;
  EXPECT_GT(want, 100'000'000U);
  EXPECT_LT(deviation(used, want), kTolerance) << used << " against " << want;
  EXPECT_EQ(usage("idle").cpu_total_ns, 0U);
  EXPECT_EQ(usage("idle").cpu_ticks_1s, 0U);
}

// Time in which a hypervisor ran something else, of all CPUs, in ns. In ticks of 10 ms, by CPU.
uint64_t stolen_ns() {
  std::ifstream file("/proc/stat");
  std::string word;
  uint64_t value = 0;
  file >> word;
  for (int i = 0; i < 8; i++) file >> value; // user nice system idle iowait irq softirq steal
  return value * 10'000'000;
}

TEST_F(TelemetryTest, CpuOfAThreadThatNeverSwitches) {
  make_jail("busy", Profile::High, "");
  Member child(cgroup_of("busy"), [](const auto &report) {
    const sched_param fifo{.sched_priority = 1};
    report(sched_setscheduler(0, SCHED_FIFO, &fifo));
    sched_yield(); // switches at least here, in the jail already
    sleep_ms(10);
    spin();
  });
  ASSERT_EQ(child.report(), 0);
  const auto switches = [&] {
    const std::string text = read_text("/proc/" + std::to_string(child.pid()) + "/status");
    return text.substr(std::min(text.size(), text.find("voluntary_ctxt_switches")));
  };
  // The kernel takes 5 % of each second from real-time threads (sched_rt_runtime_us): wait for a while between.
  bool found = false;
  uint64_t stolen = 0; // is in our figure and not in the kernel's: a window with some says nothing
  for (int i = 0; i < 30 && !found; i++) {
    sleep_ms(20);
    const std::string before = switches();
    const uint64_t stolen_before = stolen_ns();
    const uint64_t total_before = usage("busy").cpu_total_ns, kernel_before = kernels_cpu("busy");
    sleep_ms(500);
    const uint64_t used = usage("busy").cpu_total_ns - total_before, want = kernels_cpu("busy") - kernel_before;
    const uint64_t stolen_now = stolen_ns() - stolen_before;
    found = switches() == before && stolen_now == 0;
    if (switches() == before) stolen += stolen_now;
    if (!found) continue;
    EXPECT_GT(want, 450'000'000U);
    EXPECT_LT(deviation(used, want), kTolerance) << used << " against " << want;
  }
  if (!found && stolen != 0) GTEST_SKIP() << "a hypervisor took time in each window, " << stolen / 1'000'000 << " ms";
  EXPECT_TRUE(found) << "the thread never ran half a second without a switch";
  sleep_ms(2000); // the last full second is one that it ran through
  const JailUsage busy = usage("busy");
  EXPECT_GE(busy.cpu_ticks_1s, 80U);
  EXPECT_LE(busy.cpu_ticks_1s, 100U);
}

// JAILS_MANY=100 makes it 100; the kernel's own figure is read before and after ours, so what runs between the two
// readings is no error. Stolen time is in ours and not in the kernel's, and its figure of a task that runs is as old as
// the last tick: of all jails together that may be too much.
TEST_F(TelemetryTest, CpuOfManyJails) {
  const char *many = getenv("JAILS_MANY");
  const int count = many == nullptr ? 20 : atoi(many);
  std::vector<std::unique_ptr<Member>> members;
  std::vector<std::string> names;
  for (int i = 0; i < count; i++) {
    names.push_back("busy" + std::to_string(i));
    make_jail(names.back(), Profile::High, "");
    members.push_back(std::make_unique<Member>(cgroup_of(names.back()), [](const auto &) { sleep_ms(10), spin(); }));
  }
  const uint64_t stolen_before = stolen_ns();
  sleep_ms(count * 100); // 2 CPUs give each of them 0.2 s, less what others on this machine take
  std::vector<uint64_t> before;
  for (const auto &name : names) before.push_back(kernels_cpu(name));
  const auto told = Telemetry::open(test_instance())->snapshot();
  ASSERT_TRUE(told);
  double too_much = 0;
  for (int i = 0; i < count; i++) {
    const uint64_t after = kernels_cpu(names[i]);
    const auto one = std::ranges::find(*told, names[i], [](const JailUsage &u) { return u.jail.name; });
    ASSERT_NE(one, told->end());
    EXPECT_GT(after, 20'000'000U) << names[i];
    EXPECT_GE(static_cast<double>(one->cpu_total_ns), static_cast<double>(before[i]) * (1 - kTolerance)) << names[i];
    too_much += std::max(0.0, static_cast<double>(one->cpu_total_ns) - static_cast<double>(after) * (1 + kTolerance));
  }
  const double stolen = static_cast<double>(stolen_ns() - stolen_before);
  printf("of %d jails: %.1f ms too much, %.0f ms stolen\n", count, too_much / 1e6, stolen / 1e6);
  EXPECT_LE(too_much, stolen + 1e7 * std::thread::hardware_concurrency());
}

TEST_F(TelemetryTest, SecondsPassAway) {
  make_jail("busy", Profile::High, "");
  {
    Member child(cgroup_of("busy"), [](const auto &) { sleep_ms(10), spin(); });
    sleep_ms(1200);
  }
  const uint64_t total = usage("busy").cpu_total_ns;
  EXPECT_GT(usage("busy").cpu_ticks_10s_avg + static_cast<double>(usage("busy").cpu_ticks_1s), 0.0);
  sleep_ms(2100);
  const JailUsage after = usage("busy");
  EXPECT_EQ(after.cpu_ticks_1s, 0U) << "nothing ran in the last full second";
  EXPECT_GT(after.cpu_ticks_10s_avg, 0.3) << "but in the last ten";
  EXPECT_EQ(after.cpu_total_ns, total);
  sleep_ms(9500);
  EXPECT_EQ(usage("busy").cpu_ticks_10s_avg, 0.0);
  EXPECT_EQ(usage("busy").cpu_total_ns, total);
}

TEST_F(TelemetryTest, TwoCpusAddUp) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one CPU";
  make_jail("busy", Profile::High, "");
  Member one(cgroup_of("busy"), [](const auto &) { sleep_ms(10), spin(); });
  Member two(cgroup_of("busy"), [](const auto &) { sleep_ms(10), spin(); });
  Member three(cgroup_of("busy"), [](const auto &) { sleep_ms(10), spin(); });
  sleep_ms(2500);
  const JailUsage busy = usage("busy");
  EXPECT_LT(deviation(busy.cpu_total_ns, kernels_cpu("busy")), kTolerance)
      << busy.cpu_total_ns << " against " << kernels_cpu("busy");
}

TEST_F(TelemetryTest, CgroupBelowAJailsCounts) {
  make_jail("busy", Profile::High, "");
  const std::string below = cgroup_of("busy") + "/a", deeper = below + "/b";
  ASSERT_EQ(mkdir(below.c_str(), 0755), 0);
  ASSERT_EQ(mkdir(deeper.c_str(), 0755), 0);
  Member child(deeper, [](const auto &) { spin(); });
  sleep_ms(1500);
  const JailUsage busy = usage("busy");
  EXPECT_LT(deviation(busy.cpu_total_ns, kernels_cpu("busy")), kTolerance);
  EXPECT_EQ(busy.references, 1U);
}

uint64_t virtual_size(pid_t pid) {
  uint64_t pages = 0;
  std::ifstream("/proc/" + std::to_string(pid) + "/statm") >> pages;
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t resident_size(pid_t pid) {
  const std::string text = read_text("/proc/" + std::to_string(pid) + "/status");
  const size_t at = text.find("VmRSS:");
  return at == text.npos ? 0 : strtoull(text.c_str() + at + 6, nullptr, 10) * 1024;
}

TEST_F(TelemetryTest, ProcessesAndMemory) {
  const Jid jid = make_jail("web", Profile::High, "");
  make_jail("empty", Profile::High, "");
  const auto wait = [](const auto &report) {
    report(0);
    pause();
  };
  Member anchor(cgroup_of("web"), wait), one(cgroup_of("web"), wait);
  Member threads(cgroup_of("web"), [](const auto &report) {
    std::thread second([] { pause(); }), third([] { pause(); });
    report(0);
    pause();
  });
  for (Member *member : {&anchor, &one, &threads}) ASSERT_EQ(member->report(), 0);
  EXPECT_EQ(usage("web").processes, 3U) << "control: no anchor is known yet";
  MUST(tables().set_anchor(jid, anchor.pid()));
  const JailUsage web = usage("web");
  EXPECT_EQ(web.processes, 2U);
  EXPECT_EQ(web.references, 3U);
  EXPECT_EQ(web.threads, 5U);
  EXPECT_EQ(web.vmem_bytes, virtual_size(anchor.pid()) + virtual_size(one.pid()) + virtual_size(threads.pid()));
  ASSERT_TRUE(web.rss_bytes);
  EXPECT_EQ(*web.rss_bytes, resident_size(anchor.pid()) + resident_size(one.pid()) + resident_size(threads.pid()));
  const JailUsage empty = usage("empty");
  EXPECT_EQ(empty.references, 0U);
  EXPECT_EQ(empty.vmem_bytes, 0U);
}

TEST_F(TelemetryTest, ZombiesDoNotCount) {
  make_jail("web", Profile::High, "");
  Member parent(cgroup_of("web"), [](const auto &report) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT); // dead, not reaped
    report(child);
    pause();
  });
  const int zombie = parent.report();
  ASSERT_GT(zombie, 0);
  EXPECT_NE(read_text("/proc/" + std::to_string(zombie) + "/status").find("State:\tZ"), std::string::npos) << "control";
  EXPECT_EQ(usage("web").references, 1U);
}

TEST_F(TelemetryTest, ManyProcesses) {
  make_jail("web", Profile::High, "");
  std::vector<std::unique_ptr<Member>> members;
  for (int i = 0; i < 300; i++)
    members.push_back(std::make_unique<Member>(cgroup_of("web"), [](const auto &report) {
      report(0);
      pause();
    }));
  for (const auto &member : members) ASSERT_EQ(member->report(), 0);
  EXPECT_EQ(usage("web").references, 300U);
}

} // namespace
} // namespace jails::test
