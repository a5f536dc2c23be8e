#include "model/order.h"
#include "model/readiness.h"

#include "result.h"

#include <gtest/gtest.h>

namespace jails {
namespace {

using Names = std::vector<std::string>;

const Needs kNeeds = {{"cache", {}}, {"db", {}}, {"site", {"web"}}, {"web", {"db", "cache"}}};

TEST(Order, NeedsAreFoundToTheEnd) {
  EXPECT_EQ(*with_needs(kNeeds, {"db"}), Names{"db"});
  EXPECT_EQ(*with_needs(kNeeds, {"site"}), (Names{"site", "web", "db", "cache"}));
  EXPECT_EQ(*with_needs(kNeeds, {}), Names{});
  EXPECT_ERROR(with_needs({{"web", {"db"}}}, {"web"}), ErrorKind::NotFound,
               "jail web depends on jail db, and there is none");
}

TEST(Order, EachAfterWhatItNeeds) {
  EXPECT_EQ(*in_order(kNeeds, {"cache", "db", "site", "web"}), (Names{"cache", "db", "web", "site"}));
  EXPECT_EQ(*in_order(kNeeds, {"site", "db"}), (Names{"site", "db"})) << "needs outside the set do not count";
  EXPECT_EQ(*in_order(reversed(kNeeds), {"cache", "db", "site", "web"}), (Names{"site", "web", "cache", "db"}));
}

TEST(Order, DependentsAreNeedsTurnedRound) {
  EXPECT_EQ(*with_needs(reversed(kNeeds), {"db"}), (Names{"db", "web", "site"}));
  EXPECT_EQ(*with_needs(reversed(kNeeds), {"site"}), Names{"site"});
}

TEST(Order, ALoopIsNamed) {
  const Needs loop = {{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}};
  EXPECT_ERROR(in_order(loop, {"a", "b", "c"}), ErrorKind::Malformed, "jails need each other: b -> c -> b");
  EXPECT_EQ(*in_order(loop, {"a", "b"}), (Names{"b", "a"})) << "control: cut open it is none";
}

TEST(Readiness, BothWays) {
  for (const std::string text : {"running", "port:8080", "port:udp/53@10.0.0.5", "file:/run/ready", "alive:5",
                                 "command:pg_isready -q", "command:sh -c 'test -e /a && echo '\\''b'\\'''"}) {
    const auto ready = parse_readiness(text);
    ASSERT_TRUE(ready) << text;
    EXPECT_EQ(to_string(*ready), text);
  }
  EXPECT_EQ(parse_readiness("command:a 'b c'")->command, (Names{"a", "b c"}));
}

TEST(Readiness, BadOnesAreRefused) {
  for (const std::string text :
       {"", "port", "port:", "port:0", "port:65536", "file:", "file:run", "file:/a/../b", "file:/",
        "command:", "command:  ", "command:'a", "alive:", "alive:0", "alive:3601", "alive:1s", "running:", "listening"})
    EXPECT_EQ(parse_readiness(text).error().kind(), ErrorKind::Usage) << text;
}

} // namespace
} // namespace jails
