#include "model/hooks.h"
#include "result.h"

#include <gtest/gtest.h>

namespace jails {
namespace {

constexpr const char *kRoot = "/srv/jails/web";

HookSpec with(HookPoint point, std::vector<std::string> words) {
  HookSpec hooks;
  hooks.at(point).push_back(std::move(words));
  return hooks;
}

TEST(Hooks, ProgramsOfTheHost) {
  EXPECT_TRUE(check_hooks({}, kRoot));
  for (const auto point :
       {HookPoint::Prestart, HookPoint::Created, HookPoint::Poststart, HookPoint::Prestop, HookPoint::Poststop}) {
    EXPECT_TRUE(check_hooks(with(point, {"/usr/sbin/x", "a b", ""}), kRoot));
    EXPECT_TRUE(check_hooks(with(point, {"/srv/jails/web2/x"}), kRoot));
    EXPECT_FALSE(check_hooks(with(point, {"x"}), kRoot));
    EXPECT_FALSE(check_hooks(with(point, {"/srv/jails/web/x"}), kRoot));
    EXPECT_FALSE(check_hooks(with(point, {"/srv/jails/db/../web/x"}), kRoot));
    EXPECT_FALSE(check_hooks(with(point, {"/srv/jails//web/x"}), kRoot));
    EXPECT_FALSE(check_hooks(with(point, {}), kRoot));
  }
  EXPECT_ERROR(check_hooks(with(HookPoint::Poststop, {"/srv/jails/web/x"}), kRoot), ErrorKind::Usage,
               "hook poststop: program of the host '/srv/jails/web/x': lies in the jail's root, where the jail can "
               "change it");
  for (const auto point : {HookPoint::Start, HookPoint::Stop}) {
    EXPECT_TRUE(check_hooks(with(point, {"x", "y"}), kRoot));
    EXPECT_FALSE(check_hooks(with(point, {""}), kRoot));
  }
}

TEST(Hooks, Ranges) {
  auto hooks = with(HookPoint::Stop, {"x"});
  for (const uint32_t ms : {100U, 3600000U}) {
    hooks.timeout_ms = ms;
    EXPECT_TRUE(check_hooks(hooks, kRoot));
  }
  for (const uint32_t ms : {0U, 99U, 3600001U}) {
    hooks.timeout_ms = ms;
    EXPECT_FALSE(check_hooks(hooks, kRoot));
  }
  hooks.timeout_ms = 1000;
  hooks.at(HookPoint::Start).assign(32, {"x"});
  EXPECT_TRUE(check_hooks(hooks, kRoot));
  EXPECT_EQ(hooks.stop_ms(), 1000U);
  hooks.at(HookPoint::Poststop).assign(2, {"/x"});
  EXPECT_EQ(hooks.stop_ms(), 3000U);
  hooks.at(HookPoint::Start).assign(33, {"x"});
  EXPECT_FALSE(check_hooks(hooks, kRoot));
}

TEST(Hooks, WhatAJailForScriptsHas) {
  HookSpec hooks;
  for (auto &commands : hooks.points) commands.push_back({"/x"});
  hooks.timeout_ms = 77000;
  const auto part = hooks.of_jail();
  for (size_t i = 0; i < kHookPoints; i++) {
    const auto point = static_cast<HookPoint>(i);
    const bool of_jail = point == HookPoint::Prestart || point == HookPoint::Created || point == HookPoint::Poststop;
    EXPECT_EQ(part.at(point).size(), of_jail ? 1U : 0U) << to_string(point);
  }
  EXPECT_EQ(part.timeout_ms, 77000U);
  EXPECT_EQ(with(HookPoint::Start, {"x"}).of_jail(), HookSpec{}) << "as of a jail that has none";
}

} // namespace
} // namespace jails
