#include "sys/message.h"

#include "sys/call.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

using namespace jails;
using namespace jails::sys;

namespace {

struct Tcp {
  Fd slow, reader; // what is closed last waits for the reader, who takes nothing
};

Tcp lingering() {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  const Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Tcp tcp;
  tcp.slow = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto *address = reinterpret_cast<sockaddr *>(&at);
  if (bind(listener.get(), address, size) != 0 || listen(listener.get(), 1) != 0 ||
      getsockname(listener.get(), address, &size) != 0 || connect(tcp.slow.get(), address, size) != 0)
    return {};
  tcp.reader = Fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const linger ten_minutes{.l_onoff = 1, .l_linger = 600};
  setsockopt(tcp.slow.get(), SOL_SOCKET, SO_LINGER, &ten_minutes, sizeof ten_minutes);
  static constexpr std::array<char, 65536> kBytes{};
  while (send(tcp.slow.get(), kBytes.data(), kBytes.size(), MSG_DONTWAIT) > 0) {
  }
  return tcp;
}

} // namespace

TEST(Untrusted, AMessageWithDescriptorsStaysWhereItIs) {
  auto pair = seqpacket_pair();
  auto pipe = make_pipe();
  ASSERT_TRUE(pair && pipe);
  const int fd = pipe->read.get();
  ASSERT_TRUE(send_message(pair->first.get(), "plain"));
  ASSERT_TRUE(send_message(pair->first.get(), "more", {&fd, 1}));
  ASSERT_TRUE(send_message(pair->first.get(), "", {&fd, 1}));
  const auto plain = receive_bytes(pair->second.get(), 100);
  ASSERT_TRUE(plain);
  EXPECT_EQ(*plain, "plain");
  for (const char *bytes : {"more", ""}) {
    for (int i = 0; i < 2; i++) {
      const auto refused = receive_bytes(pair->second.get(), 100, MSG_DONTWAIT);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().kind(), ErrorKind::Denied);
    }
    const auto control = receive_message(pair->second.get(), 100, MSG_DONTWAIT);
    ASSERT_TRUE(control);
    EXPECT_EQ(control->bytes, bytes);
    EXPECT_EQ(control->fds.size(), 1U);
  }
  EXPECT_EQ(receive_bytes(pair->second.get(), 100, MSG_DONTWAIT).error().sys_errno(), EAGAIN);
}

TEST(Untrusted, TheKernelRefusesDescriptors) {
  auto pair = seqpacket_pair();
  auto pipe = make_pipe();
  ASSERT_TRUE(pair && pipe);
  const int fd = pipe->read.get();
  ASSERT_TRUE(send_message(pair->first.get(), "control", {&fd, 1}));
  refuse_descriptors(pair->second.get());
  int passes = 1;
  socklen_t size = sizeof passes;
  if (getsockopt(pair->second.get(), SOL_SOCKET, 83 /* SO_PASSRIGHTS */, &passes, &size) != 0)
    GTEST_SKIP() << "no SO_PASSRIGHTS: errno " << errno;
  EXPECT_EQ(send_message(pair->first.get(), "x", {&fd, 1}).error().sys_errno(), EPERM);
  EXPECT_TRUE(send_message(pair->first.get(), "x"));
}

// A plain close() of the socket would wait for ten minutes here.
TEST(Untrusted, WhatLiesUnreadIsClosedElsewhere) {
  auto pair = seqpacket_pair();
  auto tcp = lingering();
  ASSERT_TRUE(pair && tcp.reader);
  const int fd = tcp.slow.get();
  ASSERT_TRUE(send_message(pair->first.get(), "x", {&fd, 1}));
  tcp.slow.reset(); // not the last
  ASSERT_FALSE(receive_bytes(pair->second.get(), 100));
  close_untrusted(std::move(pair->second));
  char none = 0;
  EXPECT_LE(recv(pair->first.get(), &none, 1, 0), 0); // closed, with something unread
  std::array<char, 65536> buffer;
  while (read(tcp.reader.get(), buffer.data(), buffer.size()) > 0) { // to the end, so nobody has it any more
  }
}
