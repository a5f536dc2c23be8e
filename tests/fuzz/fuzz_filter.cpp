// The filter of any profile and permissions answers any call as the table does; with the launch's number it answers
// every refusal itself, lifts one and changes nothing else; other architectures and x32 do not exist.
#include "launch/filter.h"
#include "reference/filter.h"
#include "require.h"

#include <linux/audit.h>

using namespace jails;

namespace {

struct Input {
  uint64_t permissions;
  uint64_t number;
  uint64_t args[6];
  uint32_t nr;
  uint32_t arch; // 0: the native one
  uint8_t profile;
  uint8_t rule; // taken instead of nr, so that calls with conditions are met often
};

uint32_t must_answer(const Input &input, Profile profile) {
  if (input.arch != 0 || input.nr >= 0x40000000U) return SECCOMP_RET_ERRNO | ENOSYS;
  const __u64 args[6] = {input.args[0], input.args[1], input.args[2], input.args[3], input.args[4], input.args[5]};
  const auto level = static_cast<uint32_t>(profile);
  return input.args[5] == input.number ? reference::expected_with_number(level, input.permissions, input.nr, args)
                                       : reference::expected(level, input.permissions, input.nr, args);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Input input{};
  if (size < sizeof input) return 0;
  memcpy(&input, data, sizeof input);
  constexpr Profile kProfiles[] = {Profile::Low, Profile::Medium, Profile::High};
  const Profile profile = kProfiles[input.profile % 3];
  const auto level = static_cast<uint32_t>(profile);
  uint64_t possible = sj_profile_permissions(level);
  for (unsigned id = 0; id < SJ_PERMS; id++)
    if ((sj_permissions[id].grantable >> level & 1) != 0) possible |= SJ_BIT(id);
  input.permissions &= possible;
  if (input.number == 0) input.number = 1;
  if (input.rule != 0)
    input.nr = sj_syscall_rules[input.rule % (sizeof sj_syscall_rules / sizeof *sj_syscall_rules)].nr;
  if (input.arch == AUDIT_ARCH_X86_64) input.arch = 0;

  const auto filter = launch::compile_filter(profile, input.permissions, input.number);
  seccomp_data call{.nr = static_cast<int>(input.nr),
                    .arch = input.arch == 0 ? AUDIT_ARCH_X86_64 : input.arch,
                    .instruction_pointer = input.number,
                    .args = {}};
  memcpy(call.args, input.args, sizeof call.args);
  REQUIRE(filter.size() <= BPF_MAXINSNS && reference::interpret(filter, call) == must_answer(input, profile));
  return 0;
}
