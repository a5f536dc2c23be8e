#include "model/net.h"
#include "result.h"

namespace jails {
namespace {

Destination to(std::string_view text) {
  const auto parsed = parse_destination(text);
  EXPECT_TRUE(parsed) << text << ": " << error_text(parsed);
  return parsed.value_or(Destination{});
}

TEST(Destination, Fields) {
  EXPECT_EQ(to("db"), (Destination{.jail = "db"}));
  EXPECT_EQ(to("db:5432"), (Destination{.jail = "db", .port = 5432}));
  EXPECT_EQ(to("a.b-c_1:53/udp"), (Destination{.jail = "a.b-c_1", .port = 53, .protos = kUdp}));
  EXPECT_EQ(to("db/tcp"), (Destination{.jail = "db", .protos = kTcp}));
  const Destination four = to("127.0.0.1:6379");
  EXPECT_EQ(four.jail, "");
  EXPECT_EQ(four.at.family, 4);
  EXPECT_EQ(four.at.bytes, (std::array<uint8_t, 16>{127, 0, 0, 1}));
  EXPECT_EQ(four.port, 6379);
  EXPECT_EQ(four.protos, kBothProtos);
  const Destination six = to("[::1]:53/udp");
  EXPECT_EQ(six.at.family, 6);
  EXPECT_EQ(six.at.bytes[15], 1);
  EXPECT_EQ(six.port, 53);
  EXPECT_EQ(six.protos, kUdp);
  EXPECT_EQ(to("[::ffff:127.0.0.1]:80"), to("127.0.0.1:80"));
}

TEST(Destination, TextReadsBack) {
  for (std::string text : {"db", "db:1", "db:65535/tcp", "db/udp", "127.0.0.1:6379", "[::1]:53/udp", "[fd00::5]:80",
                           "169.254.169.254:80/tcp", "[ff02::fb]:5353/udp", "1.2.3:80"})
    EXPECT_EQ(to_string(to(text)), text);
}

TEST(Destination, Refused) {
  const auto error = [](std::string_view text, std::string_view why) {
    EXPECT_ERROR(parse_destination(text), ErrorKind::Usage, "connect '" + std::string(text) + "': " + std::string(why));
  };
  constexpr auto kWhat = "expected a jail or an address, like db, db:5432, 127.0.0.1:6379 or [::1]:53/udp";
  constexpr auto kPort = "after ':' expected a port from 1 to 65535";
  for (auto text :
       {"", ":80", "/tcp", "-db", ".db", "5432", "d b", "[::1", "[::1:53", "[]:53", "[db]:53", "db]:1", "*"})
    error(text, kWhat);
  for (auto text : {"db:", "db:0", "db:65536", "db:080", "db:-1", "db: 1", "db:x", "[::1]:", "127.0.0.1:0"})
    error(text, kPort);
  for (auto text : {"db:1/", "db:1/sctp", "db/TCP", "db:1/tcp/udp"})
    error(text, "the protocol after '/' must be tcp or udp");
  for (auto text : {"::1", "fd00::5", "::1:53"}) error(text, "write an IPv6 address in brackets, like [::1]:53");
  for (auto text : {"127.0.0.1", "[::1]", "[::1]/udp"}) error(text, "an address needs a port, like 127.0.0.1:6379");
  for (auto text : {"0.0.0.0:80", "[::]:80", "[::ffff:0.0.0.0]:80"})
    error(text, "the wildcard is no destination, write 127.0.0.1 or [::1]");
  EXPECT_FALSE(parse_destination(std::string_view("127.0.0.1\0x:1", 13)));
}

TEST(Destination, Lists) {
  std::vector<Destination> list;
  ASSERT_TRUE(add_destinations(list, "db:5432,127.0.0.1:6379"));
  EXPECT_EQ(list.size(), 2U);
  EXPECT_ERROR(add_destinations(list, "web,db:5432"), ErrorKind::Usage, "connect db:5432 is given twice");
  EXPECT_EQ(list.size(), 2U) << "all or none";
  EXPECT_ERROR(add_destinations(list, "web,"), ErrorKind::Usage,
               "connect '': expected a jail or an address, like db, db:5432, 127.0.0.1:6379 or [::1]:53/udp");
  while (list.size() < kDestinationsMax) ASSERT_TRUE(add_destinations(list, "j" + std::to_string(list.size())));
  EXPECT_ERROR(add_destinations(list, "web"), ErrorKind::Usage, "more than 32 times connect for one jail");
}

TEST(OwnAddress, Parsing) {
  for (std::string text : {"127.0.1.5", "10.0.0.5", "fd00::5", "::1", "2001:db8::1"}) {
    const auto address = parse_own_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_string(*address), text);
  }
  EXPECT_EQ(*parse_own_address("[fd00::5]"), *parse_own_address("fd00::5"));
  EXPECT_EQ(*parse_own_address("::ffff:10.0.0.5"), *parse_own_address("10.0.0.5"));
  const auto error = [](std::string_view text, std::string_view why) {
    EXPECT_ERROR(parse_own_address(text), ErrorKind::Usage, "address '" + std::string(text) + "': " + std::string(why));
  };
  for (auto text : {"", "db", "10.0.0", "10.0.0.5/24", "10.0.0.5:80", "fd00::5%eth0", "[10.0.0.5]"})
    error(text, "expected an IP address like 10.0.0.5 or fd00::5");
  for (auto text : {"0.0.0.0", "::"}) error(text, "the wildcard is what a jail without addresses has, leave it out");
  for (auto text : {"224.0.0.1", "255.255.255.255", "ff02::1"})
    error(text, "a multicast or broadcast address belongs to nobody");
  for (auto text : {"169.254.1.1", "fe80::1", "febf::1"})
    error(text, "a link-local address is one of an interface, and cannot be pinned");
  std::vector<IpAddress> list;
  EXPECT_ERROR(add_addresses(list, "10.0.0.5,::ffff:10.0.0.5"), ErrorKind::Usage, "address 10.0.0.5 is given twice");
  for (int i = 1; i <= 8; i++) ASSERT_TRUE(add_addresses(list, "10.0.0." + std::to_string(i)));
  EXPECT_ERROR(add_addresses(list, "10.0.0.9"), ErrorKind::Usage, "more than 8 times address for one jail");
}

TEST(NetSpec, CheckedAsAWhole) {
  EXPECT_TRUE(check_net({}));
  EXPECT_TRUE(check_net({.connect = {to("db"), to("127.0.0.1:1")}, .addresses = {*parse_ip("10.0.0.5")}}));
  EXPECT_FALSE(check_net({.connect = {Destination{}}, .addresses = {}}));
  EXPECT_FALSE(check_net({.connect = {Destination{.jail = "db", .protos = 0}}, .addresses = {}}));
  EXPECT_FALSE(check_net({.connect = {Destination{.jail = "d b"}}, .addresses = {}}));
  EXPECT_FALSE(check_net({.connect = {Destination{.at = *parse_ip("10.0.0.5")}}, .addresses = {}}));
  EXPECT_FALSE(check_net({.connect = {to("db"), to("db")}, .addresses = {}}));
  EXPECT_FALSE(check_net({.connect = {}, .addresses = {IpAddress{}}}));
  EXPECT_FALSE(check_net({.connect = {}, .addresses = {*parse_ip("0.0.0.0")}}));
}

} // namespace
} // namespace jails
