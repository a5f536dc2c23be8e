// What a compiled filter must answer, and an interpreter that finds out what it does answer, without a call being made.
#pragma once

#include "abi/syscall_policy.h"
#include "anchor/protocol.h"

#include <cstring>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <optional>
#include <vector>

namespace jails::reference {

// Knows exactly the instructions that a seccomp filter of ours may hold; nullopt: another one, or no answer.
inline std::optional<uint32_t> interpret(const std::vector<sock_filter> &code, const seccomp_data &data) {
  uint32_t accumulator = 0;
  for (size_t at = 0; at < code.size(); at++) {
    const auto &insn = code[at];
    switch (insn.code) {
    case BPF_LD | BPF_W | BPF_ABS:
      if (insn.k % 4 != 0 || insn.k + 4 > sizeof data) return std::nullopt;
      memcpy(&accumulator, reinterpret_cast<const char *>(&data) + insn.k, sizeof accumulator);
      break;
    case BPF_ALU | BPF_AND | BPF_K: accumulator &= insn.k; break;
    case BPF_JMP | BPF_JEQ | BPF_K: at += accumulator == insn.k ? insn.jt : insn.jf; break;
    case BPF_JMP | BPF_JGE | BPF_K: at += accumulator >= insn.k ? insn.jt : insn.jf; break;
    case BPF_JMP | BPF_JA: at += insn.k; break;
    case BPF_RET | BPF_K: return insn.k;
    default: return std::nullopt;
    }
  }
  return std::nullopt;
}

// For a call that is no trial, of the native architecture.
inline uint32_t expected(uint32_t profile, uint64_t permissions, uint32_t nr, const __u64 *args) {
  const int error = sj_syscall(profile, permissions, nr, args);
  const bool told = (permissions & SJ_BIT(SJ_PERM_SECCOMP_LISTENER)) == 0;
  if (told && (error == EPERM || error == EAFNOSUPPORT)) return SECCOMP_RET_USER_NOTIF;
  return error == 0 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | static_cast<uint32_t>(error);
}

// The same call with the launch's number as sixth argument.
inline uint32_t expected_with_number(uint32_t profile, uint64_t permissions, uint32_t nr, const __u64 *args) {
  const auto *rule = sj_deciding_rule(permissions, nr, args);
  if (rule != nullptr && nr == SJ_NR(clone) && rule->when[0].mask == CLONE_PARENT)
    return SECCOMP_RET_ALLOW; // the anchor's own need
  const uint32_t usual = expected(profile, permissions, nr, args);
  return usual == SECCOMP_RET_USER_NOTIF ? SECCOMP_RET_ERRNO | static_cast<uint32_t>(anchor::kTried) : usual;
}

} // namespace jails::reference
