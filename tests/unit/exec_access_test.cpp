// Whom the rules of [exec] let in, and the bounds of the door.
#include "result.h"
#include "supervise/door.h"
#include "supervise/exec_access.h"
#include "supervise/protocol.h"
#include "supervise/wire.h"

#include <gtest/gtest.h>

namespace jails::supervise {
namespace {

HostFiles files() {
  return {.passwd = "root:x:0:0:root:/root:/bin/sh\n"
                    "alice:x:1000:1000::/home/alice:/bin/sh\n"
                    "bob:x:1001:1001::/home/bob:/bin/sh\n"
                    "1001:x:1002:1002::/:/bin/sh\n"
                    "broken:x:4294967295:1::/:/bin/sh\n",
          .group = "root:x:0:\nops:x:2000:alice\n2001:x:2002:\n"};
}

std::vector<ExecRule> rules(std::initializer_list<const char *> texts) {
  std::vector<ExecRule> all;
  for (const char *text : texts) EXPECT_TRUE(add_exec_rule(all, text));
  return all;
}

Peer peer(uint32_t uid, uint32_t gid, std::vector<uint32_t> groups = {}) {
  return {.pid = 1, .uid = uid, .gid = gid, .groups = std::move(groups)};
}

std::string as(const std::vector<ExecRule> &all, const Peer &who, std::string_view asked = "") {
  const auto user = user_in_jail(all, who, files(), asked);
  return user ? *user : "refused";
}

TEST(ExecAccess, AUserByNameAndNumber) {
  for (const char *who : {"alice", "1000"}) {
    EXPECT_EQ(as(rules({who}), peer(1000, 1000)), "1000:1000");
    EXPECT_EQ(as(rules({who}), peer(1000, 2000)), "1000:2000") << "the group that he has";
    EXPECT_EQ(as(rules({who}), peer(1001, 1000)), "refused");
  }
  EXPECT_EQ(as(rules({"1001"}), peer(1001, 1001)), "1001:1001");
  EXPECT_EQ(as(rules({"1001"}), peer(1002, 1002)), "refused") << "digits are never a name";
  EXPECT_EQ(as(rules({"nobody"}), peer(65534, 65534)), "refused");
  EXPECT_EQ(as(rules({"broken"}), peer(4294967295, 1)), "refused");
}

TEST(ExecAccess, AGroup) {
  EXPECT_EQ(as(rules({"%ops"}), peer(1000, 1000, {4, 2000})), "1000:1000");
  EXPECT_EQ(as(rules({"%ops"}), peer(1000, 2000)), "1000:2000");
  EXPECT_EQ(as(rules({"%2000 as app"}), peer(1001, 1001, {2000})), "app");
  EXPECT_EQ(as(rules({"%ops"}), peer(1000, 1000)), "refused") << "what the process has counts, and not the file";
  EXPECT_EQ(as(rules({"%2001"}), peer(1000, 1000, {2002})), "refused");
  EXPECT_EQ(as(rules({"%alice"}), peer(1000, 1000)), "refused") << "no such group";
  EXPECT_EQ(as(rules({"ops"}), peer(1000, 2000)), "refused") << "no such user";
}

TEST(ExecAccess, RootHasNoPart) {
  EXPECT_EQ(as(rules({"%root", "%0 as www"}), peer(0, 0, {0})), "refused");
  EXPECT_FALSE(is_let_in(rules({"%root"}), peer(0, 0), files()));
  EXPECT_EQ(as(rules({"%root as www"}), peer(1000, 1000, {0})), "www");
}

TEST(ExecAccess, OnlyWhatARuleGives) {
  const auto all = rules({"alice as www", "alice", "%ops as root", "bob as db:db"});
  const auto alice = peer(1000, 1000), op = peer(1000, 1000, {2000});
  EXPECT_EQ(as(all, alice), "www");
  EXPECT_EQ(as(all, alice, "www"), "www");
  for (const char *same : {"alice", "1000", "1000:1000"}) EXPECT_EQ(as(all, alice, same), "1000:1000");
  for (const char *other : {"root", "0", "www:0", "1000:0", ":0", "db:db", "1001", "bob", "ww", "www "})
    EXPECT_EQ(as(all, alice, other), "refused") << other;
  EXPECT_EQ(as(all, op, "root"), "root");
  EXPECT_EQ(as(all, op, "0"), "refused");
  EXPECT_EQ(as(all, peer(1001, 1001), "db"), "refused");
  EXPECT_ERROR(user_in_jail(all, alice, files(), "root"), ErrorKind::Denied,
               "alice may not be 'root' in the jail, but www or 1000");
  EXPECT_ERROR(user_in_jail(all, peer(1007, 1007), files(), ""), ErrorKind::Denied, "no rule of the jail lets 1007 in");
}

TEST(ExecAccess, WhoMustExist) {
  EXPECT_TRUE(check_host_users(rules({"alice", "%ops", "7", "%8", "bob as nobody-yet"}), files()));
  EXPECT_ERROR(check_host_users(rules({"alice", "carol as x"}), files()), ErrorKind::NotFound,
               "exec rule 'carol as x': this host has no user 'carol'");
  EXPECT_ERROR(check_host_users(rules({"%alice"}), files()), ErrorKind::NotFound,
               "exec rule '%alice': this host has no group 'alice'");
}

TEST(UserRequests, CommandsOnly) {
  Request exec{.type = RequestType::Exec, .exec = {}};
  exec.exec.command = {"sh", "-c", "x"};
  const auto back = decode_user_request(encode(exec));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(back->exec.command, exec.exec.command);
  EXPECT_TRUE(decode_user_request(encode(Request{.type = RequestType::Signal, .exec = {}, .signal = 15})));
  for (const auto type : {RequestType::Stop, RequestType::Status, RequestType::Probe, RequestType::Limits,
                          RequestType::Freeze, RequestType::Health, RequestType::Upgrade}) {
    const auto bytes = encode(Request{.type = type, .exec = {}});
    EXPECT_TRUE(decode_request(bytes)); // which root may ask
    EXPECT_ERROR(decode_user_request(bytes), ErrorKind::Denied, "users may ask for nothing but commands");
  }
  const auto bytes = encode(exec);
  for (size_t size = 0; size < bytes.size(); size++) EXPECT_FALSE(decode_user_request(bytes.substr(0, size)));
  Writer older;
  older.number(kProtocolVersion - 1);
  older.number(2); // Signal, which root may send in any version
  older.number(15);
  EXPECT_TRUE(decode_request(older.bytes()));
  EXPECT_FALSE(decode_user_request(older.bytes()));
}

Door a_door() { return {EventLoop::create().value(), Fd(), Fd()}; }

TEST(Door, RestsWhenItsShareIsSpent) {
  Door door = a_door();
  uint64_t now = 1000000;
  int acts = 0;
  for (; !door.is_spent() && acts < 1000; acts++) door.count(now);
  EXPECT_LT(acts, 100);
  EXPECT_FALSE(door.next_ms());
  door.resting = true;
  ASSERT_TRUE(door.next_ms());
  EXPECT_GT(*door.next_ms(), now);
  now = *door.next_ms();
  door.count(now);
  EXPECT_FALSE(door.is_spent());
}

TEST(Door, ItsNextDeadline) {
  Door door = a_door();
  door.clients[5] = {.uid = 1000, .deadline_ms = 0};
  EXPECT_FALSE(door.next_ms());
  door.clients[6] = {.uid = 1000, .deadline_ms = 700};
  door.clients[7] = {.uid = 1001, .deadline_ms = 500};
  EXPECT_EQ(door.next_ms(), 500U);
  EXPECT_EQ(door.count_of(1000), 2U);
}

TEST(Door, TellsOfAUserOnceAMinute) {
  Door door = a_door();
  EXPECT_EQ(door.tell(1000, 1000), 0U);
  EXPECT_FALSE(door.tell(1000, 1001));
  EXPECT_FALSE(door.tell(1000, 60999));
  EXPECT_EQ(door.tell(1001, 2000), 0U) << "another";
  EXPECT_EQ(door.tell(1000, 61000), 2U);
  for (uint32_t uid = 2000; uid < 3000; uid++) (void)door.tell(uid, 61001);
  EXPECT_FALSE(door.tell(3000, 61002)) << "they are not kept without bound";
  EXPECT_EQ(door.tell(3000, 200000), 0U);
}

} // namespace
} // namespace jails::supervise
