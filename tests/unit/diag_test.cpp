// Messages of sock_diag(7), laid out by the kernel's own headers.
#include "view/diag.h"

#include <arpa/inet.h>
#include <cstring>
#include <gtest/gtest.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>

namespace jails::view {
namespace {

template <class T> std::string bytes_of(const T &value) {
  return {reinterpret_cast<const char *>(&value), sizeof value};
}

std::string attribute(uint16_t type, std::string value) {
  const rtattr head{.rta_len = static_cast<uint16_t>(sizeof(rtattr) + value.size()), .rta_type = type};
  value.resize(RTA_ALIGN(value.size()));
  return bytes_of(head) + value;
}

inet_diag_msg message(uint8_t family, const char *local, uint16_t port) {
  inet_diag_msg made{};
  made.idiag_family = family;
  made.idiag_state = 10;
  made.idiag_inode = 77;
  made.id.idiag_sport = htons(port);
  inet_pton(family, local, made.id.idiag_src);
  return made;
}

TEST(ParseInet, TakesAddressPortAndCgroup) {
  const auto found = parse_inet(bytes_of(message(AF_INET, "10.0.0.5", 443)) + attribute(INET_DIAG_MARK, "abcd") +
                                    attribute(INET_DIAG_CGROUP_ID, bytes_of(uint64_t{123456789012})),
                                kTcp);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->local, "10.0.0.5");
  EXPECT_EQ(found->local_port, 443);
  EXPECT_EQ(found->peer, "0.0.0.0");
  EXPECT_EQ(found->state, 10);
  EXPECT_EQ(found->inode, 77U);
  EXPECT_EQ(found->cgroup, 123456789012U);
  EXPECT_EQ(to_string(found->bound), "tcp/443@10.0.0.5");
}

TEST(ParseInet, ComparesMappedAndWildcardAddressesAsReservationsDo) {
  const auto bound = [](uint8_t family, const char *local) {
    return to_string(parse_inet(bytes_of(message(family, local, 53)), kUdp)->bound);
  };
  EXPECT_EQ(bound(AF_INET6, "::ffff:10.0.0.5"), "udp/53@10.0.0.5");
  EXPECT_EQ(bound(AF_INET6, "fd00::5"), to_string(*parse_port("udp/53@fd00::5")));
  EXPECT_EQ(bound(AF_INET6, "::"), "udp/53");
  EXPECT_EQ(bound(AF_INET, "0.0.0.0"), "udp/53");
}

TEST(ParseInet, KnowsWhatIsMissing) {
  EXPECT_FALSE(parse_inet("short", kTcp));
  EXPECT_FALSE(parse_inet(bytes_of(message(AF_INET, "10.0.0.5", 1)), kTcp)->cgroup); // as of TIME-WAIT
  // An attribute that claims more than there is.
  const rtattr lies{.rta_len = 4000, .rta_type = INET_DIAG_CGROUP_ID};
  EXPECT_FALSE(parse_inet(bytes_of(message(AF_INET, "10.0.0.5", 1)) + bytes_of(lies), kTcp)->cgroup);
}

TEST(ParseUnix, TakesNamePeerAndQueue) {
  unix_diag_msg fixed{};
  fixed.udiag_type = SOCK_STREAM;
  fixed.udiag_state = 10;
  fixed.udiag_ino = 5;
  const auto found = parse_unix(bytes_of(fixed) + attribute(UNIX_DIAG_NAME, std::string("/run/x\0", 7)) +
                                attribute(UNIX_DIAG_PEER, bytes_of(uint32_t{9})) +
                                attribute(UNIX_DIAG_ICONS, bytes_of(uint32_t{21}) + bytes_of(uint32_t{22})));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "/run/x");
  EXPECT_EQ(found->inode, 5U);
  EXPECT_EQ(found->peer, 9U);
  EXPECT_EQ(found->waiting, (std::vector<uint32_t>{21, 22}));
  EXPECT_EQ(parse_unix(bytes_of(fixed) + attribute(UNIX_DIAG_NAME, std::string("\0ab\0", 4)))->name,
            std::string("\0ab\0", 4)); // every byte of an abstract name counts
  EXPECT_FALSE(parse_unix("short"));
}

} // namespace
} // namespace jails::view
