// The decision functions of abi/net_policy.h, the same code that runs in the kernel.
#include "abi/net_policy.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <string_view>

namespace {

sj_addr at(std::string_view text) {
  const bool six = text.contains(':');
  sj_addr addr{.family = six ? 6U : 4U, .addr_be = {}};
  inet_pton(six ? AF_INET6 : AF_INET, std::string(text).c_str(), addr.addr_be);
  return addr;
}

sj_addr destination(const char *text) {
  sj_addr addr = at(text);
  sj_dest_normalise(&addr);
  return addr;
}

bool same(const sj_addr &a, const sj_addr &b) { return sj_addr_same(&a, &b); }

TEST(Destination, OneFormForEach) {
  EXPECT_TRUE(same(destination("0.0.0.0"), at("127.0.0.1")));
  EXPECT_TRUE(same(destination("::ffff:0.0.0.0"), at("127.0.0.1")));
  EXPECT_TRUE(same(destination("::ffff:10.0.0.5"), at("10.0.0.5")));
  EXPECT_TRUE(same(destination("::"), at("::1")));
  for (const char *text : {"127.0.0.1", "127.0.0.2", "0.0.0.1", "::1", "fd00::5"})
    EXPECT_TRUE(same(destination(text), at(text))) << text;
}

TEST(Destination, Place) {
  const auto place = [](const char *text) {
    const sj_addr to = destination(text);
    return sj_place_of(&to);
  };
  for (const char *text : {"127.0.0.1", "127.255.255.255", "0.0.0.0", "0.1.2.3", "::", "::1", "::127.0.0.1",
                           "::ffff:127.0.0.1", "::ffff:0.0.0.0"})
    EXPECT_EQ(place(text), SJ_HERE) << text;
  for (const char *text : {"169.254.0.0", "169.254.255.255", "224.0.0.1", "239.255.255.255", "255.255.255.255",
                           "fe80::1", "febf:ffff::1", "ff02::1", "ff01::1", "ffff::1", "::ffff:169.254.169.254"})
    EXPECT_EQ(place(text), SJ_NEAR) << text;
  for (const char *text : {"126.255.255.255", "128.0.0.0", "1.0.0.0", "169.253.255.255", "169.255.0.0", "10.0.0.5",
                           "223.255.255.255", "240.0.0.1", "255.255.255.254", "fec0::1", "fe7f::1", "fd00::5",
                           "fe00::1", "2001:db8::1", "::1:0:0:1", "::ffff:8.8.8.8", "100::"})
    EXPECT_EQ(place(text), SJ_FAR) << text;
}

TEST(Destination, OwnerOfAPort) {
  sj_port_row row{};
  row.claim[row.count++] = {.jid = 3, .protos = SJ_TCP, .at = at("10.0.0.5")};
  row.claim[row.count++] = {.jid = 4, .protos = SJ_UDP, .at = {}};
  const auto owner = [&](__u32 proto, const char *text) {
    const sj_addr to = at(text);
    return sj_owner(&row, proto, &to);
  };
  EXPECT_EQ(owner(SJ_TCP, "10.0.0.5"), 3U);
  EXPECT_EQ(owner(SJ_TCP, "127.0.0.1"), 0U) << "the host's";
  EXPECT_EQ(owner(SJ_UDP, "127.0.0.1"), 4U);
  EXPECT_EQ(owner(SJ_UDP, "::1"), 4U);
  row.count = 0;
  EXPECT_EQ(owner(SJ_UDP, "::1"), 0U);
}

// Every combination of facts against the rule in words.
TEST(Call, EveryCombination) {
  for (const __u32 profile : {SJ_PROFILE_LOW, SJ_PROFILE_MEDIUM, SJ_PROFILE_HIGH})
    for (const sj_place place : {SJ_FAR, SJ_HERE, SJ_NEAR})
      for (int bits = 0; bits < 32; bits++) {
        const sj_call call{.profile = profile,
                           .place = place,
                           .own = bits & 1,
                           .answer = bits >> 1 & 1,
                           .reserved = bits >> 2 & 1,
                           .by_name = bits >> 3 & 1,
                           .by_address = bits >> 4 & 1};
        sj_rule want = SJ_NO_RULE;
        if (profile != SJ_PROFILE_LOW && place == SJ_NEAR && !call.by_address) want = SJ_RULE_CALL_NEAR;
        if (profile != SJ_PROFILE_LOW && place == SJ_HERE && !call.by_address && !call.own && !call.answer &&
            !(call.reserved && call.by_name))
          want = call.reserved ? SJ_RULE_CALL_JAIL : SJ_RULE_CALL_HOST;
        EXPECT_EQ(sj_judge_call(&call), want) << profile << " " << place << " " << bits;
      }
}

TEST(Pinned, AddressesOfAJail) {
  sj_member jail{};
  const sj_addr any = at("10.0.0.5"), six = at("fd00::5"), other = at("10.0.0.6");
  EXPECT_TRUE(sj_has_address(&jail, &any)) << "not pinned";
  EXPECT_EQ(sj_pinned(&jail, 4), nullptr);
  jail.addrs[jail.naddrs++] = any;
  jail.addrs[jail.naddrs++] = six;
  EXPECT_TRUE(sj_has_address(&jail, &any));
  EXPECT_TRUE(sj_has_address(&jail, &six));
  EXPECT_FALSE(sj_has_address(&jail, &other));
  EXPECT_EQ(sj_pinned(&jail, 4), &jail.addrs[0]);
  EXPECT_EQ(sj_pinned(&jail, 6), &jail.addrs[1]);
  EXPECT_EQ(sj_pinned(&jail, 0), nullptr);
}

} // namespace
