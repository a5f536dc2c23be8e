#include "model/port.h"
#include "result.h"

namespace jails {
namespace {

PortReservation port(std::string_view text) {
  const auto parsed = parse_port(text);
  EXPECT_TRUE(parsed) << error_text(parsed);
  return parsed.value_or(PortReservation{});
}

TEST(Port, Fields) {
  const auto any = port("8080");
  EXPECT_EQ(any.port, 8080);
  EXPECT_EQ(any.protos, kBothProtos);
  EXPECT_EQ(any.family, 0);
  const auto four = port("udp/53@10.0.0.5");
  EXPECT_EQ(four.protos, kUdp);
  EXPECT_EQ(four.family, 4);
  EXPECT_EQ(four.addr, (std::array<uint8_t, 16>{10, 0, 0, 5}));
  const auto six = port("tcp/443@[fd00::5]");
  EXPECT_EQ(six.protos, kTcp);
  EXPECT_EQ(six.family, 6);
  EXPECT_EQ(six.addr, (std::array<uint8_t, 16>{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5}));
}

TEST(Port, OneFormForOneMeaning) {
  EXPECT_EQ(port("tcp/443@fd00::5"), port("tcp/443@[fd00:0::0005]"));
  EXPECT_EQ(port("80@::ffff:10.0.0.5"), port("80@10.0.0.5"));
  EXPECT_EQ(port("80@[::ffff:a00:5]"), port("80@10.0.0.5"));
}

TEST(Port, TextReadsBack) {
  for (std::string text : {"1", "65535", "tcp/22", "udp/53@10.0.0.5", "80@10.0.0.5", "tcp/443@[fd00::5]", "80@[::1]",
                           "80@[::1.2.3.4]", "udp/5353@[fe80::1]"}) {
    EXPECT_EQ(to_string(port(text)), text);
    EXPECT_EQ(port(to_string(port(text))), port(text));
  }
}

TEST(Port, Refused) {
  constexpr std::string_view kNumber = "expected a number from 1 to 65535, like 8080, udp/53 or tcp/443@10.0.0.5";
  for (std::string bad : {"", "0", "65536", "4294967297", "80-", "8080x", "-80", "+80", " 80", "80 ", "080", "0x50",
                          "tcp/", "udp/@10.0.0.5", "@10.0.0.5", "80-90", "http", "1e3", "tcp/tcp/80"}) {
    EXPECT_ERROR(parse_port(bad), ErrorKind::Usage, "port '" + bad + "': " + std::string(kNumber));
  }
  for (std::string bad : {"80/tcp", "TCP/80", "sctp/80", "/80", "tcp /80"})
    EXPECT_ERROR(parse_port(bad), ErrorKind::Usage, "port '" + bad + "': the protocol before '/' must be tcp or udp");
  for (std::string bad :
       {"80@", "80@10.0.0", "80@10.0.0.256", "80@010.0.0.5", "80@[10.0.0.5]", "80@[fd00::5", "80@fd00::5]", "80@[]",
        "80@fd00::g", "80@localhost", "80@10.0.0.5/8", "80@[fe80::1%lo]", "80@10.0.0.5 ", "80@10.0.0.5@10.0.0.6"})
    EXPECT_ERROR(parse_port(bad), ErrorKind::Usage,
                 "port '" + bad + "': after '@' expected an address like 10.0.0.5 or [fd00::5]");
  for (std::string bad : {"80@0.0.0.0", "80@::", "80@[::]", "80@::ffff:0.0.0.0"})
    EXPECT_ERROR(parse_port(bad), ErrorKind::Usage,
                 "port '" + bad + "': the wildcard address is what a port without '@' means, leave it out");
  EXPECT_ERROR(parse_port(std::string_view("80@10.0.0.5\0x", 13)), ErrorKind::Usage,
               "port '80@10.0.0.5\\x00x': after '@' expected an address like 10.0.0.5 or [fd00::5]");
  EXPECT_TRUE(error_text(parse_port("80\x1b[2J")).starts_with("port '80\\x1b[2J': "));
}

TEST(Port, Overlap) {
  struct Case {
    std::string_view a, b;
    bool overlaps;
  };
  for (auto [a, b, overlaps] : std::vector<Case>{{"80", "80", true},
                                                 {"80", "81", false},
                                                 {"80", "tcp/80", true},
                                                 {"tcp/80", "udp/80", false},
                                                 {"80", "udp/80@10.0.0.5", true},
                                                 {"80@10.0.0.5", "80@10.0.0.5", true},
                                                 {"80@10.0.0.5", "80@10.0.0.6", false},
                                                 {"80@10.0.0.5", "80@[a00:5::]", false},
                                                 {"80@10.0.0.5", "80@::ffff:10.0.0.5", true},
                                                 {"tcp/80@10.0.0.5", "udp/80@10.0.0.5", false}}) {
    EXPECT_EQ(overlap(port(a), port(b)), overlaps) << a << " " << b;
    EXPECT_EQ(overlap(port(b), port(a)), overlaps) << b << " " << a;
  }
}

TEST(AddPorts, AppendsAList) {
  std::vector<PortReservation> ports;
  ASSERT_TRUE(add_ports(ports, "80,tcp/443"));
  ASSERT_TRUE(add_ports(ports, "udp/53@10.0.0.5"));
  EXPECT_EQ(ports, (std::vector{port("80"), port("tcp/443"), port("udp/53@10.0.0.5")}));
}

TEST(AddPorts, RefusedWithoutATrace) {
  std::vector<PortReservation> ports = {port("8080")};
  const auto before = ports;
  EXPECT_ERROR(add_ports(ports, "8080"), ErrorKind::Usage, "port 8080 is given twice");
  EXPECT_ERROR(add_ports(ports, "80,80"), ErrorKind::Usage, "port 80 is given twice");
  EXPECT_ERROR(add_ports(ports, "80,tcp/8080@[::1]"), ErrorKind::Usage,
               "port tcp/8080@[::1] overlaps 8080, give one of them");
  for (auto bad : {"", ",", "80,", ",80", "80,,81", "80, 81", "80;81"}) EXPECT_FALSE(add_ports(ports, bad)) << bad;
  EXPECT_EQ(ports, before);
}

TEST(AddPorts, ThirtyTwoAreEnough) {
  std::vector<PortReservation> ports;
  for (int i = 1; i <= 32; i++) ASSERT_TRUE(add_ports(ports, std::to_string(i)));
  EXPECT_ERROR(add_ports(ports, "33"), ErrorKind::Usage, "more than 32 ports for one jail");
  EXPECT_EQ(ports.size(), 32U);
}

} // namespace
} // namespace jails
