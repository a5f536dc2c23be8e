#include "secmodel/port_sysctl.h"

#include <gtest/gtest.h>

namespace {

using jails::format_port_ranges;
using jails::parse_port_ranges;

TEST(PortRanges, RoundTrip) {
  for (const char *text : {"", "0", "65535", "1-3,8080", "1-2,4,6-9,65534-65535", "0-65535"}) {
    const auto ports = parse_port_ranges(std::string(text) + "\n");
    ASSERT_TRUE(ports) << text;
    EXPECT_EQ(format_port_ranges(*ports), text);
  }
}

TEST(PortRanges, MergesAndSorts) {
  const auto ports = parse_port_ranges("9,8,3-5,4-7");
  ASSERT_TRUE(ports);
  EXPECT_EQ(format_port_ranges(*ports), "3-9");
}

TEST(PortRanges, RefusesWhatIsNoRange) {
  for (const char *text : {",", "1,", "x", "1-", "-1", "5-3", "65536", "1-65536", "1 2", "1--2", "+1"})
    EXPECT_FALSE(parse_port_ranges(text)) << text;
}

} // namespace
