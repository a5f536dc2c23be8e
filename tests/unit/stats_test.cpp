#include "stats/format.h"

#include <gtest/gtest.h>

namespace jails::stats {
namespace {

JailUsage web() {
  JailUsage usage;
  usage.jail.jid = 3;
  usage.jail.name = "web";
  usage.jail.root = "/var/jailmgr/jails/web/root";
  usage.processes = 1;
  usage.references = 2;
  usage.vmem_bytes = 154025984;
  return usage;
}

TEST(Stats, TableIsThatOfTheOriginal) {
  const std::vector usage{web()};
  EXPECT_EQ(table(usage, false), "ID       NAME             CPU1S      CPU10S     PROC       REFS       VMEM\n"
                                 "3        web              0          0.0        1          2          154025984\n");
}

TEST(Stats, PrometheusKeepsTheFiveSeries) {
  const std::vector usage{web()};
  const std::string text = prometheus(usage);
  const std::string labels = "{jid=\"3\",name=\"web\",root=\"/var/jailmgr/jails/web/root\"} ";
  for (const auto *series : {"jail_cpu_usage_ticks_1s", "jail_cpu_usage_ticks_10s_avg", "jail_processes",
                             "jail_references", "jail_vmem_bytes"}) {
    EXPECT_NE(text.find(std::string("# TYPE ") + series + " gauge\n"), std::string::npos) << series;
    EXPECT_NE(text.find(series + labels), std::string::npos) << series;
  }
  EXPECT_NE(text.find("jail_cpu_usage_ticks_10s_avg" + labels + "0\n"), std::string::npos);
  EXPECT_NE(text.find("jail_vmem_bytes" + labels + "154025984\n"), std::string::npos);
}

TEST(Stats, PrometheusEndsWithTheDenials) {
  auto usage = web();
  usage.denials.count[SJ_RULE_DEVICE] = 2;
  const std::string text = prometheus({&usage, 1});
  const size_t at = text.find("# HELP jail_denied_total ");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(text.find("jail_vmem_bytes{", at), std::string::npos)
      << "the five of the original come first, as they were";
  EXPECT_NE(text.find("# TYPE jail_denied_total counter\n", at), std::string::npos);
  EXPECT_NE(text.find("jail_denied_total{jid=\"3\",name=\"web\",root=\"/var/jailmgr/jails/web/root\",scope=\"device\","
                      "rule=\"device\"} 2\n",
                      at),
            std::string::npos)
      << text;
}

TEST(Stats, LabelValuesAreEscaped) {
  auto usage = web();
  usage.jail.root = "/a\"b\\c\nd";
  EXPECT_NE(prometheus({&usage, 1}).find(R"(root="/a\"b\\c\nd")"), std::string::npos);
}

TEST(Stats, TabSeparated) {
  const std::vector usage{web()};
  EXPECT_EQ(tab_separated(usage, true), "ID\tNAME\tCPU1S\tCPU10S\tPROC\tREFS\tVMEM\tTHREADS\tROOT\n"
                                        "3\tweb\t0\t0.0\t1\t2\t154025984\t0\t/var/jailmgr/jails/web/root\n");
  EXPECT_EQ(tab_separated({}, false), "");
}

} // namespace
} // namespace jails::stats
