#include "launch/filter.h"

#include "abi/syscall_policy.h"
#include "anchor/protocol.h"

#include <cstddef>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <span>

namespace jails::launch {
namespace {

using Code = std::vector<sock_filter>;

// Jump offsets count from the next instruction and have eight bits in a conditional jump.
sock_filter statement(unsigned code, uint32_t k) { return {static_cast<uint16_t>(code), 0, 0, k}; }
sock_filter jump(unsigned code, uint32_t k, size_t jt, size_t jf) {
  return {static_cast<uint16_t>(BPF_JMP | code | BPF_K), static_cast<uint8_t>(jt), static_cast<uint8_t>(jf), k};
}

// Stands for a jump to refusal(), until its distance is known.
constexpr uint32_t kToRefusal = ~0U;

sock_filter answer(int error, bool told) {
  if (told && sj_is_told(error) != 0) return statement(BPF_JMP | BPF_JA, kToRefusal);
  return statement(BPF_RET | BPF_K, error == 0 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | static_cast<uint32_t>(error));
}

sock_filter load_word(size_t offset) { return statement(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)); }

size_t low_half(unsigned arg) { return offsetof(seccomp_data, args) + arg * sizeof(uint64_t); }

// Falls through to `body` when the condition holds, jumps over it otherwise.
Code guarded(const sj_condition &c, const Code &body) {
  Code code;
  const size_t skip = body.size();
  if (c.op == SJ_ANY) return body;
  if (c.op == SJ_NONZERO64) {
    code.push_back(load_word(low_half(c.arg)));
    code.push_back(jump(BPF_JEQ, 0, 0, 2));
    code.push_back(load_word(low_half(c.arg) + sizeof(uint32_t)));
    code.push_back(jump(BPF_JEQ, 0, skip, 0));
  } else {
    code.push_back(load_word(low_half(c.arg)));
    if (c.mask != SJ_ALL) code.push_back(statement(BPF_ALU | BPF_AND | BPF_K, c.mask));
    code.push_back(c.op == SJ_EQ ? jump(BPF_JEQ, c.value, 0, skip) : jump(BPF_JEQ, c.value, skip, 0));
  }
  code.insert(code.end(), body.begin(), body.end());
  return code;
}

// Falls through to `body` unless the sixth argument is `number`, and answers `match` if it is.
Code unless_numbered(uint64_t number, uint32_t match, const Code &body) {
  Code code{load_word(low_half(5)), jump(BPF_JEQ, static_cast<uint32_t>(number), 0, 3),
            load_word(low_half(5) + sizeof(uint32_t)), jump(BPF_JEQ, static_cast<uint32_t>(number >> 32U), 0, 1),
            statement(BPF_RET | BPF_K, match)};
  code.insert(code.end(), body.begin(), body.end());
  return code;
}

Code code_for(uint32_t profile, uint64_t permissions, uint64_t number, uint32_t nr) {
  const bool told = sj_has_listener(permissions) != 0;
  Code code;
  for (const auto &rule : sj_syscall_rules) {
    if (rule.nr != nr || sj_rule_stands(&rule, permissions) == 0) continue;
    Code refused{answer(rule.error, told)};
    if (sj_is_anchors(&rule) != 0) refused = unless_numbered(number, SECCOMP_RET_ALLOW, refused);
    const Code body = guarded(rule.when[0], guarded(rule.when[1], refused));
    code.insert(code.end(), body.begin(), body.end());
    if (rule.when[0].op == SJ_ANY) return code;
  }
  code.push_back(answer(sj_syscall_default(profile, nr), told));
  return code;
}

struct Segment {
  uint32_t first; // numbers from here to the next segment's first share the code
  Code code;
};

bool same(const Code &a, const Code &b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); i++)
    if (a[i].code != b[i].code || a[i].jt != b[i].jt || a[i].jf != b[i].jf || a[i].k != b[i].k) return false;
  return true;
}

// Binary search over the segments; a is the accumulator with the number.
Code search(std::span<const Segment> segments) {
  if (segments.size() == 1) return segments.front().code;
  const auto middle = segments.size() / 2;
  const Code left = search(segments.first(middle));
  const Code right = search(segments.subspan(middle));
  Code code{jump(BPF_JGE, segments[middle].first, 0, 1),
            statement(BPF_JMP | BPF_JA, static_cast<uint32_t>(left.size()))};
  code.insert(code.end(), left.begin(), left.end());
  code.insert(code.end(), right.begin(), right.end());
  return code;
}

// What every refusal that the supervisor is told of jumps to.
Code refusal(uint64_t number) {
  return unless_numbered(number, SECCOMP_RET_ERRNO | static_cast<uint32_t>(anchor::kTried),
                         {statement(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)});
}

} // namespace

std::vector<sock_filter> compile_filter(Profile profile, uint64_t permissions, uint64_t number) {
  const auto level = static_cast<uint32_t>(profile);
  std::vector<Segment> segments;
  for (uint32_t nr = 0; nr <= SJ_SYSCALL_KNOWN_MAX + 1; nr++) {
    Code code = code_for(level, permissions, number, nr);
    if (segments.empty() || !same(segments.back().code, code)) segments.push_back({nr, std::move(code)});
  }
  Code filter{load_word(offsetof(seccomp_data, arch)), jump(BPF_JEQ, AUDIT_ARCH_X86_64, 1, 0), answer(ENOSYS, false),
              load_word(offsetof(seccomp_data, nr))};
  const Code body = search(segments);
  filter.insert(filter.end(), body.begin(), body.end());
  const size_t end = filter.size();
  for (size_t at = 0; at < end; at++)
    if (filter[at].code == (BPF_JMP | BPF_JA) && filter[at].k == kToRefusal)
      filter[at].k = static_cast<uint32_t>(end - at - 1);
  const Code tail = refusal(number);
  filter.insert(filter.end(), tail.begin(), tail.end());
  return filter;
}

} // namespace jails::launch
