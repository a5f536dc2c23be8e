#include "stats/fields.h"
#include "stats/format.h"
#include "stats/http.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

namespace jails::stats {
namespace {

JailStats web() {
  JailStats jail;
  jail.usage.jail.jid = 3;
  jail.usage.jail.name = "web";
  jail.usage.jail.root = "/var/jailmgr/jails/web/root";
  jail.usage.processes = 1;
  jail.usage.references = 2;
  jail.usage.vmem_bytes = 154025984;
  return jail;
}

std::string page(const JailStats &jail, Exposition how = Exposition::Text) { return prometheus({&jail, 1}, how); }

const std::string kLabels = "{jid=\"3\",name=\"web\",root=\"/var/jailmgr/jails/web/root\"} ";

TEST(Stats, TableIsThatOfTheOriginal) {
  const std::vector usage{web().usage};
  EXPECT_EQ(table(usage), "ID       NAME             CPU1S      CPU10S     PROC       REFS       VMEM\n"
                          "3        web              0          0.0        1          2          154025984\n");
}

TEST(Stats, PrometheusBeginsWithTheFiveSeriesAsTheyWere) {
  const std::string text = page(web());
  const size_t types = text.find("# TYPE ");
  ASSERT_NE(types, std::string::npos);
  EXPECT_TRUE(text.substr(types).starts_with("# TYPE jail_cpu_usage_ticks_1s gauge\n"
                                             "# TYPE jail_cpu_usage_ticks_10s_avg gauge\n"
                                             "# TYPE jail_processes gauge\n"
                                             "# TYPE jail_references gauge\n"
                                             "# TYPE jail_vmem_bytes gauge\n"
                                             "jail_cpu_usage_ticks_1s" +
                                             kLabels + "0\njail_cpu_usage_ticks_10s_avg" + kLabels +
                                             "0\njail_processes" + kLabels + "1\njail_references" + kLabels +
                                             "2\njail_vmem_bytes" + kLabels + "154025984\n# HELP jail_denied_total "))
      << text;
}

TEST(Stats, PrometheusCountsDenialsByRule) {
  auto jail = web();
  jail.usage.denials.count[SJ_RULE_DEVICE] = 2;
  const std::string text = page(jail);
  EXPECT_NE(text.find("# TYPE jail_denied_total counter\n"), std::string::npos);
  EXPECT_NE(text.find("jail_denied_total{jid=\"3\",name=\"web\",root=\"/var/jailmgr/jails/web/root\",scope=\"device\","
                      "rule=\"device\"} 2\n"),
            std::string::npos)
      << text;
}

TEST(Stats, WhatIsUnknownHasNoLineAndIsNeverZero) {
  auto jail = web();
  jail.usage.rss_bytes.reset();
  std::string text = page(jail);
  for (const auto *series : {"jail_memory_usage_bytes", "jail_oom_kills_total", "jail_io_read_bytes_total",
                             "jail_cpu_throttled_seconds_total", "jail_resident_memory_bytes"})
    EXPECT_EQ(text.find(std::string("\n") + series + "{"), std::string::npos) << series;
  EXPECT_EQ(text.find("jail_pressure_waiting_seconds_total{"), std::string::npos);
  jail.figures.memory_bytes = 4096;
  jail.figures.cpu.some = {.total_us = 1500000};
  text = page(jail);
  EXPECT_NE(text.find("\njail_memory_usage_bytes" + kLabels + "4096\n"), std::string::npos) << text;
  EXPECT_NE(text.find(",resource=\"cpu\"} 1.5\n"), std::string::npos) << text;
  const std::string row = tab_separated({&jail, 1}, false);
  EXPECT_NE(row.find("\t-\t"), std::string::npos);
}

TEST(Stats, OomKillsOfFormerCgroupsCount) {
  auto jail = web();
  EXPECT_FALSE(jail.oom_kills());
  jail.usage.jail.oom_kills = 2;
  EXPECT_EQ(jail.oom_kills(), 2U);
  jail.figures.oom_kills = 1;
  EXPECT_EQ(jail.oom_kills(), 3U);
}

TEST(Stats, OpenMetrics) {
  const std::string text = page(web(), Exposition::OpenMetrics);
  EXPECT_TRUE(text.ends_with("\n# EOF\n"));
  EXPECT_NE(text.find("# TYPE jail_cpu_seconds counter\njail_cpu_seconds_total{"), std::string::npos) << text;
  EXPECT_NE(text.find("# TYPE jail_processes gauge\njail_processes{"), std::string::npos) << text;
  EXPECT_EQ(page(web()).find("# EOF"), std::string::npos);
}

TEST(Stats, LabelValuesAreEscapedAndUtf8) {
  auto jail = web();
  jail.usage.jail.root = "/a\"b\\c\nd";
  EXPECT_NE(page(jail).find(R"(root="/a\"b\\c\nd")"), std::string::npos);
  jail.usage.jail.root = "/a\xff\"b";
  EXPECT_NE(page(jail).find(R"(root="/a\\xff\"b")"), std::string::npos) << page(jail);
}

TEST(Stats, TabSeparatedKeepsTheFirstColumns) {
  const auto jail = web();
  const std::string text = tab_separated({&jail, 1}, true);
  EXPECT_TRUE(text.starts_with("ID\tNAME\tCPU1S\tCPU10S\tPROC\tREFS\tVMEM\tTHREADS\tROOT\tRSS\t")) << text;
  EXPECT_NE(text.find("\n3\tweb\t0\t0.0\t1\t2\t154025984\t0\t/var/jailmgr/jails/web/root\t0\t"), std::string::npos);
  EXPECT_EQ(tab_separated({}, false), "");
  const auto tabs = [](std::string_view line) { return std::ranges::count(line, '\t'); };
  EXPECT_EQ(tabs(text.substr(0, text.find('\n'))), tabs(text.substr(text.find('\n'))));
}

TEST(Stats, NamesAreThoseOfPrometheus) {
  std::set<std::string_view> columns;
  for (const auto &field : fields()) {
    const std::string_view series = field.series;
    EXPECT_TRUE(columns.insert(field.column).second) << field.column;
    EXPECT_EQ(series.ends_with("_total"), field.counter) << series;
    EXPECT_TRUE(series.starts_with("jail_")) << series;
    EXPECT_TRUE(std::string_view(field.help).ends_with('.')) << series;
  }
}

TEST(Http, AcceptDecides) {
  const auto how = [](std::string_view accept) {
    return parse_request("GET /metrics HTTP/1.1\r\nHost: x\r\naccept: " + std::string(accept) + "\r\n\r\n").how;
  };
  // What Prometheus 2.42 sends.
  EXPECT_EQ(how("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            Exposition::OpenMetrics);
  EXPECT_EQ(how("text/plain"), Exposition::Text);
  EXPECT_EQ(how("*/*"), Exposition::Text);
  EXPECT_EQ(how(""), Exposition::Text);
  EXPECT_EQ(how("application/openmetrics-text; q=0"), Exposition::Text);
  EXPECT_EQ(how("text/plain;q=0.9, Application/OpenMetrics-Text;q=0.5"), Exposition::Text);
  EXPECT_EQ(how("application/openmetrics-text;q=x"), Exposition::Text);
}

TEST(Http, Requests) {
  EXPECT_TRUE(parse_request("").get);
  EXPECT_TRUE(parse_request("GET / HTTP/1.0\r\n\r\n").body);
  EXPECT_FALSE(parse_request("HEAD / HTTP/1.0\r\n\r\n").body);
  EXPECT_FALSE(parse_request("POST / HTTP/1.0\r\n\r\n").get);
  EXPECT_TRUE(http_header(parse_request("POST / HTTP/1.0\r\n\r\n")).starts_with("HTTP/1.1 405 "));
  EXPECT_EQ(http_header({}), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n");
  EXPECT_EQ(parse_request("GET / HTTP/1.1\r\n\r\nAccept: application/openmetrics-text").how, Exposition::Text)
      << "that is no header";
}

} // namespace
} // namespace jails::stats
