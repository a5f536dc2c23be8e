// The compiled filters against the reference decision, for every system call number, both word sizes and the high
// halves of arguments. The filter runs in an interpreter of classic BPF, so no call is made.
#include "launch/filter.h"

#include "abi/capability_policy.h"
#include "abi/syscall_policy.h"

#include <cstring>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

namespace jails::launch {
namespace {

// Exactly the instructions that a seccomp filter of ours may hold.
uint32_t interpret(const std::vector<sock_filter> &code, const seccomp_data &data) {
  uint32_t accumulator = 0;
  for (size_t at = 0; at < code.size(); at++) {
    const auto &insn = code[at];
    switch (insn.code) {
    case BPF_LD | BPF_W | BPF_ABS:
      memcpy(&accumulator, reinterpret_cast<const char *>(&data) + insn.k, sizeof accumulator);
      break;
    case BPF_ALU | BPF_AND | BPF_K: accumulator &= insn.k; break;
    case BPF_JMP | BPF_JEQ | BPF_K: at += accumulator == insn.k ? insn.jt : insn.jf; break;
    case BPF_JMP | BPF_JGE | BPF_K: at += accumulator >= insn.k ? insn.jt : insn.jf; break;
    case BPF_JMP | BPF_JA: at += insn.k; break;
    case BPF_RET | BPF_K: return insn.k;
    default: ADD_FAILURE() << "unexpected instruction " << insn.code; return 0;
    }
  }
  ADD_FAILURE() << "ran off the end";
  return 0;
}

uint32_t expected(uint32_t profile, uint32_t nr, const __u64 *args) {
  const int error = sj_syscall(profile, nr, args);
  if (error == EPERM || error == EAFNOSUPPORT) return SECCOMP_RET_USER_NOTIF;
  return error == 0 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | static_cast<uint32_t>(error);
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

class Filter : public testing::TestWithParam<Profile> {};

TEST_P(Filter, AnswersAsTheTableForEveryNumberAndArgument) {
  const auto filter = compile_filter(GetParam());
  const auto level = static_cast<uint32_t>(GetParam());
  ASSERT_LE(filter.size(), size_t{BPF_MAXINSNS});
  for (uint32_t nr = 0; nr < 600; nr++) {
    for (const uint64_t a : interesting(nr, 0))
      for (const uint64_t b : interesting(nr, 1))
        for (const uint64_t c : interesting(nr, 2)) {
          seccomp_data data{.nr = static_cast<int>(nr),
                            .arch = AUDIT_ARCH_X86_64,
                            .instruction_pointer = 0,
                            .args = {a, b, c, 0, 0, 0}};
          const __u64 args[6] = {a, b, c, 0, 0, 0};
          ASSERT_EQ(interpret(filter, data), expected(level, nr, args))
              << "nr " << nr << " args " << a << " " << b << " " << c;
        }
  }
}

TEST_P(Filter, RefusesForeignArchitecturesAndX32) {
  const auto filter = compile_filter(GetParam());
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

INSTANTIATE_TEST_SUITE_P(Profiles, Filter, testing::Values(Profile::Low, Profile::Medium, Profile::High));

TEST(Policy, AStricterProfileNeverAllowsMore) {
  const __u64 zero[6] = {};
  for (uint32_t nr = 0; nr < 600; nr++) {
    const bool low = sj_syscall(SJ_PROFILE_LOW, nr, zero) == 0;
    const bool medium = sj_syscall(SJ_PROFILE_MEDIUM, nr, zero) == 0;
    const bool high = sj_syscall(SJ_PROFILE_HIGH, nr, zero) == 0;
    EXPECT_TRUE(low || !medium) << nr;
    EXPECT_TRUE(medium || !high) << nr;
  }
  EXPECT_EQ(SJ_CAPS_LOW & SJ_CAPS_MEDIUM, SJ_CAPS_MEDIUM);
  EXPECT_EQ(SJ_CAPS_MEDIUM & SJ_CAPS_HIGH, SJ_CAPS_HIGH);
}

TEST(Policy, NoProfileKeepsACapabilityThatEqualsHostRoot) {
  for (const uint64_t cap :
       {SJ_CAP(SYS_ADMIN), SJ_CAP(SYS_MODULE), SJ_CAP(SYS_RAWIO), SJ_CAP(SYS_BOOT), SJ_CAP(SYS_TIME), SJ_CAP(NET_ADMIN),
        SJ_CAP(NET_RAW), SJ_CAP(MKNOD), SJ_CAP(DAC_READ_SEARCH), SJ_CAP(SYS_NICE), SJ_CAP(SYS_RESOURCE),
        1ULL << 38 /* PERFMON */, 1ULL << 39 /* BPF */})
    EXPECT_EQ(SJ_CAPS_LOW & cap, 0U) << cap;
  EXPECT_EQ(__builtin_popcountll(SJ_CAPS_LOW), 15);
  EXPECT_EQ(__builtin_popcountll(SJ_CAPS_MEDIUM), 12);
  EXPECT_EQ(__builtin_popcountll(sj_capabilities(SJ_PROFILE_HIGH, 0)), 8);
  EXPECT_EQ(__builtin_popcountll(sj_capabilities(SJ_PROFILE_HIGH, 1)), 9);
}

} // namespace
} // namespace jails::launch
