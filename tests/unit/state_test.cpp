// What a supervisor hands to the program that replaces it.
#include "result.h"
#include "supervise/back_off.h"
#include "supervise/log_rate.h"
#include "supervise/state.h"
#include "supervise/wire.h"

#include <cstring>
#include <gtest/gtest.h>

namespace jails::supervise {
namespace {

SavedState full() {
  SavedState state;
  state.instance = "t1";
  state.jid = 3;
  state.spec = "spec";
  state.cgroup = 1ULL << 40U;
  state.lock.fd = 5;
  state.control.fd = 6;
  state.clients = {{7}, {8}};
  state.asker = 1;
  state.pace = {{20}, {21}, {22}};
  state.sockbuf = {{30}, {31}, {32}, {33}, {34}, {35}, {36}, {37}, {38}};
  state.anchor.pid = 100;
  state.anchor.pidfd.fd = 9;
  state.anchor.channel.fd = 10;
  state.anchor.pts.fd = 11;
  state.anchor.next_session = 9;
  state.anchor.early = {{200, 256}};
  SessionState command;
  command.id = 1;
  command.status.fd = 12;
  command.pid = 101;
  command.program = "httpd";
  SessionState asked;
  asked.id = 8;
  asked.client.fd = 14;
  asked.asker = 0;
  asked.status.fd = 13;
  asked.signals = {15};
  state.anchor.sessions = {command, asked};
  state.life.phase = LifeState::Phase::Running;
  state.life.workload = 1;
  state.life.restarts_ms = {1, 2, 3};
  state.life.back_off_seconds = 8;
  state.life.frozen = true;
  auto &log = state.log.emplace();
  log.pipes = {{{15}, {16}, {17}, {18}}};
  log.unfinished = {std::string("half \0 a line", 13), ""};
  log.rate = {.lines = -2.5, .bytes = 1e9, .closed = true, .now_ms = 7, .closed_ms = 6, .held = 12};
  log.denials = {{.told = 4, .last_ms = 9, .any = true}};
  log.file_error = 28;
  state.anchor.sessions[1].host_user = 1000;
  auto &door = state.door.emplace();
  door.listener.fd = 23;
  door.clients = {{.client = 0, .uid = 1000, .asked = true}};
  state.landlock = {.socket = {24}, .domain = 0x1d0064fbe, .seen_call = true, .dropped = 5};
  return state;
}

Result<SavedState> taken(const SavedState &state) { return decode_state(encode(state, kStateToGoOn), kStateToGoOn); }

TEST(State, ComesBackAsItWas) {
  const auto back = taken(full());
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(encode(*back, kStateToGoOn), encode(full(), kStateToGoOn));
  EXPECT_EQ(back->cgroup, 1ULL << 40U);
  EXPECT_EQ(back->log->unfinished[0], full().log->unfinished[0]);
  EXPECT_EQ(back->log->rate.lines, -2.5);
  EXPECT_EQ(back->anchor.sessions[1].signals, (std::vector<int32_t>{15}));
  EXPECT_EQ(back->anchor.sessions[1].host_user, 1000U);
  EXPECT_EQ(back->door->clients[0].uid, 1000U);
  EXPECT_EQ(back->landlock->socket.fd, 24);
  EXPECT_EQ(back->landlock->domain, 0x1d0064fbeU);
  EXPECT_TRUE(back->landlock->seen_call);
  EXPECT_EQ(back->landlock->dropped, 5U);
  EXPECT_TRUE(back->life.frozen);
}

TEST(State, IsOfOneKind) {
  EXPECT_FALSE(decode_state(encode(full(), kStateToCheck), kStateToGoOn));
  EXPECT_TRUE(decode_state(encode(full(), kStateToCheck), kStateToCheck));
}

TEST(State, EveryTruncationAndEveryWordIsLookedAt) {
  const std::string whole = encode(full(), kStateToGoOn);
  for (size_t size = 0; size < whole.size(); size++)
    EXPECT_FALSE(decode_state(whole.substr(0, size), kStateToGoOn)) << size;
  EXPECT_FALSE(decode_state(whole + "x", kStateToGoOn));
  for (size_t i = 0; i + 4 <= whole.size(); i++) {
    std::string bad = whole;
    bad.replace(i, 4, "\xff\xff\xff\xff");
    (void)decode_state(bad, kStateToGoOn); // must return, whatever it says
  }
}

// Another version's, with parts added or missing.
template <class Change> std::string with_parts(Change change) {
  PartsWriter out;
  const auto number = [&](std::string_view name, uint64_t value) {
    out.put(name, [&](Writer &part) { part.number64(value); });
  };
  number("jid", 3);
  number("lock", 5);
  number("control", 6);
  out.put("anchor", [](Writer &part) {
    PartsWriter anchor;
    anchor.put("pid", [](Writer &in) { in.number64(9); });
    anchor.put("pidfd", [](Writer &in) { in.number64(7); });
    anchor.put("channel", [](Writer &in) { in.number64(8); });
    anchor.put("pts", [](Writer &in) { in.number64(9); });
    part.text(anchor.bytes(""));
  });
  change(number);
  return out.bytes(kStateToGoOn);
}

TEST(State, OfAnotherVersion) {
  const auto older = decode_state(with_parts([](auto) {}), kStateToGoOn);
  ASSERT_TRUE(older) << older.error().text();
  EXPECT_FALSE(older->log);
  EXPECT_EQ(older->anchor.listener.fd, -1);
  EXPECT_EQ(older->life.phase, LifeState::Phase::Idle);
  EXPECT_ERROR(decode_state(with_parts([](auto number) { number("telepathy", 1); }), kStateToGoOn),
               ErrorKind::Malformed, "the state has a part that this version does not know: 'telepathy'");
  EXPECT_FALSE(decode_state(with_parts([](auto number) { number("jid", 4); }), kStateToGoOn)) << "twice";
}

TEST(State, WhatContradictsItselfIsRefused) {
  const auto with = [](auto change) {
    SavedState state = full();
    change(state);
    return taken(state).has_value();
  };
  EXPECT_TRUE(with([](SavedState &) {}));
  EXPECT_FALSE(with([](SavedState &state) { state.jid = 0; }));
  EXPECT_FALSE(with([](SavedState &state) { state.lock.fd = -1; }));
  EXPECT_FALSE(with([](SavedState &state) { state.control.fd = 2; })) << "a standard stream";
  EXPECT_FALSE(with([](SavedState &state) { state.control.fd = state.lock.fd; })) << "one descriptor for two things";
  EXPECT_FALSE(with([](SavedState &state) { state.control.fd = -2; }));
  EXPECT_FALSE(with([](SavedState &state) { state.asker = 2; }));
  EXPECT_FALSE(with([](SavedState &state) { state.life.workload = 2; }));
  EXPECT_FALSE(with([](SavedState &state) { state.life.phase = LifeState::Phase::Idle; }));
  EXPECT_FALSE(with([](SavedState &state) { state.life.phase = static_cast<LifeState::Phase>(3); }));
  EXPECT_FALSE(with([](SavedState &state) { state.log.reset(); }));
  EXPECT_FALSE(with([](SavedState &state) { state.log->pipes[3].fd = -1; }));
  EXPECT_FALSE(with([](SavedState &state) { state.anchor.pid = 0; }));
  EXPECT_FALSE(with([](SavedState &state) { state.anchor.sessions[1].id = 1; }));
  EXPECT_FALSE(with([](SavedState &state) { state.anchor.sessions[1].id = 9; })) << "the next one's";
  EXPECT_FALSE(with([](SavedState &state) { state.anchor.sessions[1].asker = 5; }));
  EXPECT_FALSE(with([](SavedState &state) { state.anchor.sessions[1].client.fd = -1; })) << "who waits, without a line";
  EXPECT_FALSE(with([](SavedState &state) { state.landlock->socket.fd = -1; }));
  EXPECT_FALSE(with([](SavedState &state) { state.door->listener.fd = -1; }));
  for (const int32_t client : {-1, 1, 2})
    EXPECT_FALSE(with([client](SavedState &state) { state.door->clients[0].client = client; })) << client;
  EXPECT_FALSE(with([](SavedState &state) { state.door->clients.push_back(state.door->clients[0]); })) << "twice";
}

TEST(State, NamesEachDescriptorOnce) {
  SavedState state = full();
  std::vector<int> numbers;
  for (const auto &kept : descriptors(state)) numbers.push_back(*kept.fd);
  std::ranges::sort(numbers);
  EXPECT_EQ(numbers, (std::vector<int>{5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18,
                                       20, 21, 22, 23, 24, 30, 31, 32, 33, 34, 35, 36, 37, 38}));
}

TEST(State, BackOffAndRateGoOn) {
  const Restart rules{.policy = RestartPolicy::Always, .limit = 3, .window_ms = 60000};
  BackOff before;
  for (int i = 0; i < 2; i++) (void)before.next(rules, true, 5, 1000);
  BackOff after;
  after.restore(before.seconds(), before.restarts_ms());
  EXPECT_EQ(after.next(rules, true, 5, 2000).seconds, 4U);
  EXPECT_TRUE(after.next(rules, true, 5, 2000).gave_up);

  LogRate rate(10, 0);
  rate.advance(1000);
  while (rate.take(1)) {
  }
  LogRate other(10, 0);
  other.restore(rate.save());
  EXPECT_FALSE(other.take(1));
  const auto held = other.advance(4000);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->lines, 2U);
}

} // namespace
} // namespace jails::supervise
