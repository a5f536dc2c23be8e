// The compiled filters against the reference decision, for every system call number, both word sizes and the high
// halves of arguments. The filter runs in an interpreter of classic BPF, so no call is made.
#include "launch/filter.h"

#include "abi/capability_policy.h"
#include "abi/syscall_policy.h"
#include "anchor/protocol.h"
#include "reference/filter.h"

#include <array>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <random>

namespace jails::launch {
namespace {

using reference::expected;
using reference::expected_with_number;

uint32_t interpret(const std::vector<sock_filter> &code, const seccomp_data &data) {
  const auto answer = reference::interpret(code, data);
  EXPECT_TRUE(answer) << "an unexpected instruction, or no answer";
  return answer.value_or(0);
}

// Each argument takes the values that rules compare with, their neighbours, and all of that under a full upper half.
std::vector<uint64_t> interesting(uint32_t nr, unsigned arg) {
  std::vector<uint64_t> values{0, 1, 2, ~0ULL};
  for (const auto &rule : sj_syscall_rules)
    for (const auto &condition : rule.when)
      if (rule.nr == nr && condition.op != SJ_ANY && condition.arg == arg)
        for (const uint64_t value :
             {uint64_t{condition.value}, uint64_t{condition.value} + 1, uint64_t{condition.mask}})
          values.push_back(value);
  const size_t plain = values.size();
  for (size_t i = 0; i < plain; i++) values.push_back(values[i] | 0xdeadbeef00000000ULL);
  return values;
}

constexpr uint64_t kOfLaunch = 0x0123456789abcdef;
constexpr uint32_t kNumbers = 600; // beyond the last one known
constexpr Profile kProfiles[] = {Profile::Low, Profile::Medium, Profile::High};
uint32_t level_of(Profile profile) { return static_cast<uint32_t>(profile); }
uint64_t included(Profile profile) { return sj_profile_permissions(level_of(profile)); }

// Calls `act` for number and arguments; an argument that no rule of the number looks at has one value.
void for_each_call(uint32_t nr, const std::function<void(const __u64 *)> &act) {
  const auto values = [nr](unsigned arg) {
    for (const auto &rule : sj_syscall_rules)
      for (const auto &condition : rule.when)
        if (rule.nr == nr && condition.op != SJ_ANY && condition.arg == arg) return interesting(nr, arg);
    return std::vector<uint64_t>{~0ULL};
  };
  const auto first = values(0), second = values(1), third = values(2);
  for (const uint64_t a : first)
    for (const uint64_t b : second)
      for (const uint64_t c : third) {
        const __u64 args[6] = {a, b, c, 0, 0, 0};
        act(args);
      }
}

// What the profile comes to with each single permission granted, each taken, and all of them.
struct Variant {
  Profile profile;
  uint64_t permissions;
  std::string name;
};
std::vector<Variant> variants() {
  std::vector<Variant> all;
  for (const Profile profile : kProfiles) {
    const uint64_t base = included(profile);
    uint64_t every = base;
    for (unsigned id = 0; id < SJ_PERMS; id++) {
      const std::string name = fmt::format("{} {}", to_string(profile), sj_permissions[id].name);
      if ((sj_permissions[id].grantable >> level_of(profile) & 1) == 0) continue;
      every |= SJ_BIT(id);
      all.push_back({profile, base ^ SJ_BIT(id), name}); // the other way round than the profile has it
    }
    std::mt19937_64 random(level_of(profile)); // always the same sets
    for (unsigned i = 0; i < 10; i++)
      all.push_back({profile, every & random(), fmt::format("{} set {}", to_string(profile), i)});
    all.push_back({profile, every, fmt::format("{} with all", to_string(profile))});
    all.push_back({profile, 0, fmt::format("{} with none", to_string(profile))});
  }
  return all;
}

class Filter : public testing::TestWithParam<Profile> {};

TEST_P(Filter, AnswersAsTheTableForEveryNumberAndArgument) {
  const auto filter = compile_filter(GetParam(), included(GetParam()), kOfLaunch);
  ASSERT_LE(filter.size(), size_t{BPF_MAXINSNS});
  for (uint32_t nr = 0; nr < kNumbers; nr++) {
    for (const uint64_t a : interesting(nr, 0))
      for (const uint64_t b : interesting(nr, 1))
        for (const uint64_t c : interesting(nr, 2)) {
          seccomp_data data{.nr = static_cast<int>(nr),
                            .arch = AUDIT_ARCH_X86_64,
                            .instruction_pointer = 0,
                            .args = {a, b, c, 0, 0, 0}};
          const __u64 args[6] = {a, b, c, 0, 0, 0};
          ASSERT_EQ(interpret(filter, data), expected(level_of(GetParam()), included(GetParam()), nr, args))
              << "nr " << nr << " args " << a << " " << b << " " << c;
        }
  }
}

TEST_P(Filter, RefusesForeignArchitecturesAndX32) {
  const auto filter = compile_filter(GetParam(), included(GetParam()), kOfLaunch);
  for (const uint32_t arch : {uint32_t{AUDIT_ARCH_I386}, uint32_t{AUDIT_ARCH_AARCH64}, 0U}) {
    const seccomp_data data{.nr = 0, .arch = arch, .instruction_pointer = 0, .args = {}};
    EXPECT_EQ(interpret(filter, data), SECCOMP_RET_ERRNO | ENOSYS) << arch;
  }
  for (const uint32_t nr : {0x40000000U, 0x40000001U, 0x7fffffffU, 0xffffffffU}) {
    const seccomp_data data{
        .nr = static_cast<int>(nr), .arch = AUDIT_ARCH_X86_64, .instruction_pointer = 0, .args = {}};
    EXPECT_EQ(interpret(filter, data), SECCOMP_RET_ERRNO | ENOSYS) << nr;
  }
}

// The number changes who answers a refusal, lifts one, and nothing else: what is allowed or ENOSYS stays so.
TEST_P(Filter, AnswersATrialItself) {
  const auto filter = compile_filter(GetParam(), included(GetParam()), kOfLaunch);
  size_t tried = 0;
  for (uint32_t nr = 0; nr < kNumbers; nr++)
    for_each_call(nr, [&](const __u64 *args) {
      seccomp_data data{.nr = static_cast<int>(nr), .arch = AUDIT_ARCH_X86_64, .instruction_pointer = 0, .args = {}};
      std::copy_n(args, 6, data.args);
      const uint32_t usual = interpret(filter, data);
      data.args[5] = kOfLaunch;
      ASSERT_EQ(interpret(filter, data), expected_with_number(level_of(GetParam()), included(GetParam()), nr, args))
          << "nr " << nr;
      tried += usual == SECCOMP_RET_USER_NOTIF ? 1 : 0;
      for (const uint64_t other :
           std::array<uint64_t, 4>{kOfLaunch + 1, kOfLaunch ^ 1ULL << 32U, kOfLaunch & 0xffffffffU, 0}) {
        data.args[5] = other;
        ASSERT_EQ(interpret(filter, data), usual) << "nr " << nr << ", number " << other;
      }
    });
  EXPECT_GT(tried, 100U);
}

TEST(FilterOfHigh, LetsTheAnchorAloneMakeChildrenOfTheSupervisor) {
  const auto filter = compile_filter(Profile::High, included(Profile::High), kOfLaunch);
  const auto clone = [&](uint64_t flags, uint64_t sixth) {
    return interpret(
        filter,
        {.nr = __NR_clone, .arch = AUDIT_ARCH_X86_64, .instruction_pointer = 0, .args = {flags, 0, 0, 0, 0, sixth}});
  };
  EXPECT_EQ(clone(SIGCHLD, 0), SECCOMP_RET_ALLOW);
  EXPECT_EQ(clone(CLONE_PARENT | SIGCHLD, 0), SECCOMP_RET_USER_NOTIF);
  EXPECT_EQ(clone(CLONE_PARENT | SIGCHLD, kOfLaunch), SECCOMP_RET_ALLOW);
  EXPECT_EQ(clone(CLONE_PARENT | CLONE_NEWUSER | SIGCHLD, kOfLaunch), SECCOMP_RET_ERRNO | anchor::kTried);
}

INSTANTIATE_TEST_SUITE_P(Profiles, Filter, testing::Values(Profile::Low, Profile::Medium, Profile::High));

TEST(Permissions, TheFilterIsTheTableWithEachGrantedAndTaken) {
  for (const auto &variant : variants()) {
    const auto filter = compile_filter(variant.profile, variant.permissions, kOfLaunch);
    ASSERT_LE(filter.size(), size_t{BPF_MAXINSNS}) << variant.name;
    for (uint32_t nr = 0; nr < kNumbers; nr++)
      for_each_call(nr, [&](const __u64 *args) {
        seccomp_data data{.nr = static_cast<int>(nr), .arch = AUDIT_ARCH_X86_64, .instruction_pointer = 0, .args = {}};
        std::copy_n(args, 6, data.args);
        ASSERT_EQ(interpret(filter, data), expected(level_of(variant.profile), variant.permissions, nr, args))
            << variant.name << ", nr " << nr << ", args " << args[0] << " " << args[1] << " " << args[2];
      });
    for (const uint32_t arch : {uint32_t{AUDIT_ARCH_I386}, 0U}) {
      const seccomp_data data{.nr = 0, .arch = arch, .instruction_pointer = 0, .args = {}};
      ASSERT_EQ(interpret(filter, data), SECCOMP_RET_ERRNO | ENOSYS) << variant.name;
    }
    const seccomp_data x32{.nr = 0x40000000, .arch = AUDIT_ARCH_X86_64, .instruction_pointer = 0, .args = {}};
    ASSERT_EQ(interpret(filter, x32), SECCOMP_RET_ERRNO | ENOSYS) << variant.name;
  }
}

bool allows(Profile profile, uint64_t permissions, uint32_t nr, const __u64 *args) {
  return sj_syscall(level_of(profile), permissions, nr, args) == 0;
}

// Each adds something, takes nothing away, and touches nothing but what its rules speak of.
TEST(Permissions, EachAddsAndNoneTakesAway) {
  for (unsigned id = 0; id < SJ_PERMS; id++) {
    const auto &row = sj_permissions[id];
    size_t opened = 0;
    for (const Profile profile : kProfiles) {
      const uint64_t without = included(profile) & ~SJ_BIT(id), with = without | SJ_BIT(id);
      for (uint32_t nr = 0; nr < kNumbers; nr++)
        for_each_call(nr, [&](const __u64 *args) {
          const bool before = allows(profile, without, nr, args), after = allows(profile, with, nr, args);
          ASSERT_TRUE(after || !before) << row.name << " takes away nr " << nr;
          opened += before != after ? 1 : 0;
        });
      EXPECT_EQ(sj_capabilities(level_of(profile), with, 0) ^ sj_capabilities(level_of(profile), without, 0),
                row.capabilities)
          << row.name;
    }
    const bool by_launch = id == SJ_PERM_SUID || id == SJ_PERM_PROC_SYSTEM || id == SJ_PERM_SYSFS;
    EXPECT_TRUE(opened != 0 || row.capabilities != 0 || by_launch) << row.name << " does nothing";
    EXPECT_LE(strlen(row.about), 72U) << row.name;
  }
}

// What the anchor tries at each start: refused without the permission, whatever else is granted, and let through with
// it.
TEST(Permissions, ProbeCallsTellWhetherTheyAreThere) {
  size_t probes = 0;
  for (unsigned id = 0; id < SJ_PERMS; id++) {
    const auto &probe = sj_permissions[id].probe;
    if (probe.error == 0) continue;
    probes++;
    const __u64 args[6] = {probe.args[0], probe.args[1], probe.args[2], probe.args[3], 0, 0};
    for (const auto &variant : variants()) {
      EXPECT_EQ(sj_syscall(level_of(variant.profile), variant.permissions & ~SJ_BIT(id), probe.nr, args), probe.error)
          << sj_permissions[id].name << " in " << variant.name;
      EXPECT_EQ(sj_syscall(level_of(variant.profile), variant.permissions | SJ_BIT(id), probe.nr, args), 0)
          << sj_permissions[id].name << " in " << variant.name;
    }
  }
  EXPECT_GE(probes, 20U);
}

TEST(Policy, AStricterProfileNeverAllowsMore) {
  for (uint32_t nr = 0; nr < kNumbers; nr++)
    for_each_call(nr, [&](const __u64 *args) {
      const bool low = allows(Profile::Low, included(Profile::Low), nr, args);
      const bool medium = allows(Profile::Medium, included(Profile::Medium), nr, args);
      const bool high = allows(Profile::High, included(Profile::High), nr, args);
      ASSERT_TRUE(low || !medium) << nr;
      ASSERT_TRUE(medium || !high) << nr;
    });
  EXPECT_EQ(included(Profile::High) & ~included(Profile::Medium), 0U);
  EXPECT_EQ(included(Profile::Medium) & ~included(Profile::Low), 0U);
}

// Refused in every profile, with every permission granted.
constexpr uint32_t kNeverCalled[] = {SJ_NR(mount),
                                     SJ_NR(umount2),
                                     SJ_NR(pivot_root),
                                     SJ_NR(fsopen),
                                     SJ_NR(fsconfig),
                                     SJ_NR(fsmount),
                                     SJ_NR(fspick),
                                     SJ_NR(open_tree),
                                     SJ_NR(open_tree_attr),
                                     SJ_NR(move_mount),
                                     SJ_NR(mount_setattr),
                                     SJ_NR(setns),
                                     SJ_NR(clone3),
                                     SJ_NR(open_by_handle_at),
                                     SJ_NR(bpf),
                                     SJ_NR(perf_event_open),
                                     SJ_NR(userfaultfd),
                                     SJ_NR(fanotify_init),
                                     SJ_NR(lsm_set_self_attr),
                                     SJ_NR(add_key),
                                     SJ_NR(request_key),
                                     SJ_NR(keyctl),
                                     SJ_NR(process_madvise),
                                     SJ_NR(process_mrelease),
                                     SJ_NR(move_pages),
                                     SJ_NR(migrate_pages),
                                     SJ_NR(file_setattr),
                                     SJ_NR(syslog),
                                     SJ_NR(acct),
                                     SJ_NR(swapon),
                                     SJ_NR(swapoff),
                                     SJ_NR(reboot),
                                     SJ_NR(kexec_load),
                                     SJ_NR(kexec_file_load),
                                     SJ_NR(init_module),
                                     SJ_NR(finit_module),
                                     SJ_NR(delete_module),
                                     SJ_NR(iopl),
                                     SJ_NR(ioperm),
                                     SJ_NR(quotactl),
                                     SJ_NR(quotactl_fd),
                                     SJ_NR(vhangup),
                                     SJ_NR(clock_settime),
                                     SJ_NR(settimeofday),
                                     SJ_NR(sethostname),
                                     SJ_NR(setdomainname)};
struct NeverCall {
  uint32_t nr;
  __u64 args[3];
};
constexpr NeverCall kNeverWith[] = {
    {SJ_NR(socket), {2, 3, 1}},          {SJ_NR(socket), {2, 10, 0}},        {SJ_NR(socket), {10, 3, 58}},
    {SJ_NR(socket), {17, 2, 0}},         {SJ_NR(socket), {38, 5, 0}},        {SJ_NR(socket), {40, 1, 0}},
    {SJ_NR(socket), {16, 3, 6}},         {SJ_NR(socket), {16, 3, 11}},       {SJ_NR(socket), {16, 3, 12}},
    {SJ_NR(mknod), {0, 0020600, 259}},   {SJ_NR(mknodat), {0, 0, 0060600}},  {SJ_NR(prlimit64), {4242, 7, 0}},
    {SJ_NR(sched_setscheduler), {4242}}, {SJ_NR(sched_setaffinity), {4242}}, {SJ_NR(sched_setparam), {4242}},
    {SJ_NR(sched_setattr), {4242}},      {SJ_NR(setpriority), {0, 4242, 5}}, {SJ_NR(setpriority), {2, 0, 5}},
    {SJ_NR(ioprio_set), {1, 4242, 0}},   {SJ_NR(ioprio_set), {3, 0, 0}},     {SJ_NR(ioctl), {0, 0x5412, 0}},
    {SJ_NR(ioctl), {0, 0x541c, 0}},      {SJ_NR(ioctl), {0, 0xc0045877, 0}}, {SJ_NR(ioctl), {0, 0x401c5820, 0}},
    {SJ_NR(fcntl), {0, 1024, 0}}};

TEST(Policy, NothingThatCanBeGrantedEqualsHostRoot) {
  for (const auto &variant : variants()) {
    const uint64_t caps = sj_capabilities(level_of(variant.profile), variant.permissions, 1);
    EXPECT_EQ(caps & SJ_CAPS_NEVER, 0U) << variant.name;
    for (const uint32_t nr : kNeverCalled)
      for_each_call(nr, [&](const __u64 *args) {
        EXPECT_FALSE(allows(variant.profile, variant.permissions, nr, args)) << variant.name << ", nr " << nr;
      });
    for (const auto &call : kNeverWith) {
      const __u64 args[6] = {call.args[0], call.args[1], call.args[2], 0, 0, 0};
      EXPECT_FALSE(allows(variant.profile, variant.permissions, call.nr, args)) << variant.name << ", nr " << call.nr;
    }
  }
  // Written out, and not by the name that the table uses.
  uint64_t every = 0;
  for (const auto &row : sj_permissions) every |= row.capabilities;
  EXPECT_EQ(every, SJ_CAP(SYS_CHROOT) | SJ_CAP(AUDIT_WRITE) | SJ_CAP(LINUX_IMMUTABLE) | SJ_CAP(IPC_LOCK) |
                       SJ_CAP(IPC_OWNER) | SJ_CAP(SETFCAP) | SJ_CAP(SYS_PTRACE));
}

TEST(Policy, CapabilitiesOfTheProfiles) {
  const auto count = [](Profile profile, int low_port) {
    return __builtin_popcountll(sj_capabilities(level_of(profile), included(profile), low_port));
  };
  EXPECT_EQ(count(Profile::Low, 0), 15);
  EXPECT_EQ(count(Profile::Medium, 0), 12);
  EXPECT_EQ(count(Profile::High, 0), 8);
  EXPECT_EQ(count(Profile::High, 1), 9);
}

} // namespace
} // namespace jails::launch
