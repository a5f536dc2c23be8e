// The decision functions of abi/secmodel_jail.h, the same code that runs in the kernel.
#include "abi/secmodel_jail.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

namespace {

sj_addr v4(const char *text) {
  sj_addr addr{.family = 4, .addr_be = {}};
  inet_pton(AF_INET, text, addr.addr_be);
  return addr;
}
sj_addr v6(const char *text) {
  sj_addr addr{.family = 6, .addr_be = {}};
  inet_pton(AF_INET6, text, addr.addr_be);
  return addr;
}
constexpr sj_addr kAny{.family = 0, .addr_be = {}};

sj_port_row row(std::initializer_list<sj_claim> claims) {
  sj_port_row out{};
  for (const sj_claim &claim : claims) out.claim[out.count++] = claim;
  return out;
}

TEST(Address, MappedBecomesIPv4) {
  sj_addr addr = v6("::ffff:10.0.0.5");
  sj_addr_normalise(&addr);
  const sj_addr want = v4("10.0.0.5");
  EXPECT_TRUE(sj_addr_same(&addr, &want));
}

TEST(Address, OthersStay) {
  for (const char *text : {"::1", "::", "fd00::5", "::fffe:10.0.0.5", "1::ffff:10.0.0.5", "::ffff:0:10.0.0.5"}) {
    sj_addr addr = v6(text);
    sj_addr_normalise(&addr);
    EXPECT_EQ(addr.family, 6U) << text;
    const sj_addr same = v6(text);
    EXPECT_TRUE(sj_addr_same(&addr, &same)) << text;
  }
}

TEST(Address, MappedAnyIsIPv4Any) {
  sj_addr addr = v6("::ffff:0.0.0.0");
  sj_addr_normalise(&addr);
  EXPECT_EQ(addr.family, 4U);
  EXPECT_TRUE(sj_addr_is_any(&addr));
}

TEST(Protocol, Bits) {
  EXPECT_EQ(sj_proto_bit(6), static_cast<__u32>(SJ_TCP));
  EXPECT_EQ(sj_proto_bit(262), static_cast<__u32>(SJ_TCP));
  EXPECT_EQ(sj_proto_bit(17), static_cast<__u32>(SJ_UDP));
  EXPECT_EQ(sj_proto_bit(136), static_cast<__u32>(SJ_UDP));
  for (const __u32 other : {0U, 1U, 33U, 58U, 132U, 255U}) EXPECT_EQ(sj_proto_bit(other), 0U) << other;
}

TEST(Reserved, OnlyTheOwnerBinds) {
  const sj_port_row one = row({{.jid = 3, .protos = SJ_TCP | SJ_UDP, .at = kAny}});
  for (const sj_addr &want : {v4("0.0.0.0"), v4("127.0.0.1"), v6("::"), v6("::1")})
    for (const __u32 proto : {SJ_TCP, SJ_UDP}) {
      EXPECT_EQ(sj_reserved_bind(&one, 3, proto, &want), SJ_ALLOW);
      EXPECT_EQ(sj_reserved_bind(&one, 4, proto, &want), SJ_DENY);
      EXPECT_EQ(sj_reserved_bind(&one, SJ_HOST, proto, &want), SJ_DENY);
    }
}

TEST(Reserved, OtherProtocolIsFree) {
  const sj_port_row one = row({{.jid = 3, .protos = SJ_TCP, .at = kAny}});
  const sj_addr want = v4("0.0.0.0");
  EXPECT_EQ(sj_reserved_bind(&one, SJ_HOST, SJ_TCP, &want), SJ_DENY);
  EXPECT_EQ(sj_reserved_bind(&one, SJ_HOST, SJ_UDP, &want), SJ_ALLOW);
  EXPECT_FALSE(sj_owns(&one, 3, SJ_UDP, &want));
}

TEST(Reserved, NarrowedToAnAddress) {
  const sj_port_row one = row({{.jid = 3, .protos = SJ_TCP, .at = v4("10.0.0.5")}});
  const auto host_may = [&](const sj_addr &want) { return sj_reserved_bind(&one, SJ_HOST, SJ_TCP, &want); };
  EXPECT_EQ(host_may(v4("10.0.0.5")), SJ_DENY);
  EXPECT_EQ(host_may(v4("10.0.0.6")), SJ_ALLOW);
  EXPECT_EQ(host_may(v4("0.0.0.0")), SJ_DENY) << "a wildcard takes the claimed address too";
  EXPECT_EQ(host_may(v6("::")), SJ_DENY) << ":: takes IPv4 as well unless IPV6_V6ONLY";
  EXPECT_EQ(host_may(v6("::1")), SJ_ALLOW);
}

TEST(Reserved, NarrowedToIPv6LeavesIPv4) {
  const sj_port_row one = row({{.jid = 3, .protos = SJ_TCP, .at = v6("fd00::5")}});
  const sj_addr any4 = v4("0.0.0.0"), any6 = v6("::");
  EXPECT_EQ(sj_reserved_bind(&one, SJ_HOST, SJ_TCP, &any4), SJ_ALLOW);
  EXPECT_EQ(sj_reserved_bind(&one, SJ_HOST, SJ_TCP, &any6), SJ_DENY);
}

TEST(Reserved, WildcardNeedsAllClaims) {
  const sj_port_row two =
      row({{.jid = 3, .protos = SJ_TCP, .at = v4("10.0.0.5")}, {.jid = 4, .protos = SJ_TCP, .at = v4("10.0.0.6")}});
  const sj_addr any = v4("0.0.0.0"), own = v4("10.0.0.5"), foreign = v4("10.0.0.6");
  EXPECT_EQ(sj_reserved_bind(&two, 3, SJ_TCP, &any), SJ_DENY);
  EXPECT_EQ(sj_reserved_bind(&two, 3, SJ_TCP, &own), SJ_ALLOW);
  EXPECT_EQ(sj_reserved_bind(&two, 3, SJ_TCP, &foreign), SJ_DENY);
}

TEST(Owns, NarrowedClaimDoesNotCoverTheWildcard) {
  const sj_port_row one = row({{.jid = 3, .protos = SJ_TCP, .at = v4("10.0.0.5")}});
  const sj_addr own = v4("10.0.0.5"), any4 = v4("0.0.0.0"), any6 = v6("::");
  EXPECT_TRUE(sj_owns(&one, 3, SJ_TCP, &own));
  EXPECT_FALSE(sj_owns(&one, 3, SJ_TCP, &any4));
  EXPECT_FALSE(sj_owns(&one, 3, SJ_TCP, &any6));
  EXPECT_FALSE(sj_owns(&one, 4, SJ_TCP, &own));
}

TEST(Owns, CountBoundsTheRow) {
  sj_port_row one = row({{.jid = 3, .protos = SJ_TCP, .at = kAny}});
  const sj_addr want = v4("0.0.0.0");
  one.count = 0;
  EXPECT_FALSE(sj_owns(&one, 3, SJ_TCP, &want));
  EXPECT_EQ(sj_reserved_bind(&one, 4, SJ_TCP, &want), SJ_ALLOW);
  one.count = 4'000'000'000; // a damaged row is read no further than it is long
  EXPECT_TRUE(sj_owns(&one, 3, SJ_TCP, &want));
}

TEST(Unreserved, ByProfile) {
  struct Case {
    __u32 profile, port;
    int bind, listen;
  };
  for (const Case &c : {Case{SJ_PROFILE_LOW, 0, SJ_ALLOW, SJ_DENY}, Case{SJ_PROFILE_LOW, 1023, SJ_DENY, SJ_DENY},
                        Case{SJ_PROFILE_LOW, 1024, SJ_ALLOW, SJ_ALLOW}, Case{SJ_PROFILE_LOW, 65535, SJ_ALLOW, SJ_ALLOW},
                        Case{SJ_PROFILE_MEDIUM, 0, SJ_ALLOW, SJ_DENY}, Case{SJ_PROFILE_MEDIUM, 8080, SJ_DENY, SJ_DENY},
                        Case{SJ_PROFILE_HIGH, 0, SJ_ALLOW, SJ_DENY}, Case{SJ_PROFILE_HIGH, 8080, SJ_DENY, SJ_DENY},
                        Case{77, 8080, SJ_DENY, SJ_DENY}}) {
    EXPECT_EQ(sj_unreserved_bind(c.profile, c.port), c.bind) << c.profile << " " << c.port;
    EXPECT_EQ(sj_unreserved_listen(c.profile, c.port), c.listen) << c.profile << " " << c.port;
  }
}

TEST(Device, OnlyThoseOfTheJailsDev) {
  constexpr __u32 kBlock = 1, kChar = 2, kMknod = 1, kRead = 2, kWrite = 4;
  constexpr __u32 kUse = kRead | kWrite;
  for (const __u32 minor : {3U, 5U, 7U, 8U, 9U}) EXPECT_TRUE(sj_device(kChar, kUse, 1, minor)) << minor;
  for (const __u32 minor : {0U, 1U, 2U, 4U, 6U, 10U, 11U, 12U}) EXPECT_FALSE(sj_device(kChar, kUse, 1, minor)) << minor;
  EXPECT_TRUE(sj_device(kChar, kUse, 5, 0));
  EXPECT_FALSE(sj_device(kChar, kUse, 5, 1)) << "the console";
  EXPECT_TRUE(sj_device(kChar, kUse, 5, 2));
  EXPECT_FALSE(sj_device(kChar, kUse, 4, 0));
  EXPECT_FALSE(sj_device(kChar, kUse, 135, 0));
  EXPECT_TRUE(sj_device(kChar, kUse, 136, 0));
  EXPECT_TRUE(sj_device(kChar, kUse, 143, 255));
  EXPECT_FALSE(sj_device(kChar, kUse, 144, 0));
  EXPECT_FALSE(sj_device(kChar, kMknod, 1, 3)) << "no device node is made in a jail";
  EXPECT_FALSE(sj_device(kChar, kMknod | kRead, 1, 3));
  EXPECT_FALSE(sj_device(kBlock, kRead, 1, 3));
}

} // namespace
