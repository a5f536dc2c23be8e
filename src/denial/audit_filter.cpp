#include "denial/audit_filter.h"

#include "denial/audit_record.h"

#include <arpa/inet.h>
#include <cstddef>
#include <fmt/format.h>
#include <linux/netlink.h>
#include <string>
#include <utility>

namespace jails::denial {
namespace {

constexpr uint32_t kAll = 65535;
// Behind the header: "audit(1795409415.169:", then the serial number, 1 to 10 digits, then "): ".
constexpr uint32_t kSerial = sizeof(nlmsghdr) + 21;
constexpr unsigned kSerialDigits = 10;

// Jumps of classic BPF go forward, by at most 255 instructions where they are conditional.
class Assembler {
public:
  void load(uint16_t size, uint32_t offset) { add(BPF_LD | size | BPF_ABS, offset); }
  void load_indexed(uint16_t size, uint32_t offset) { add(BPF_LD | size | BPF_IND, offset); }
  void index(uint32_t value) { add(BPF_LDX | BPF_IMM, value); }
  void answer(bool pass) { add(BPF_RET | BPF_K, pass ? kAll : 0); }
  void skip_unless(uint32_t value, uint8_t count) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count));
  }
  size_t jump() { // to wherever land() says
    add(BPF_JMP | BPF_JA, 0);
    return code_.size() - 1;
  }
  void land(size_t jump) { code_[jump].k = static_cast<uint32_t>(code_.size() - jump - 1); }

  // Four bytes as they stand in the message.
  static uint32_t word(std::string_view text) {
    uint32_t value = 0;
    for (const char c : text.substr(0, 4)) value = value << 8U | static_cast<unsigned char>(c);
    return value;
  }
  void drop_unless_indexed(uint32_t offset, std::string_view text) {
    while (!text.empty()) {
      const bool four = text.size() >= 4;
      load_indexed(four ? BPF_W : BPF_B, offset);
      code_.push_back(
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, four ? word(text) : static_cast<unsigned char>(text[0]), 1, 0));
      answer(false);
      offset += four ? 4 : 1;
      text.remove_prefix(four ? 4 : 1);
    }
  }
  std::vector<sock_filter> take() { return std::move(code_); }

private:
  void add(unsigned code, uint32_t k) { code_.push_back(BPF_STMT(static_cast<uint16_t>(code), k)); }
  std::vector<sock_filter> code_;
};

// "arch=c000003e syscall=62 success=no exit=-1 a0=...": of calls with a personality (" per=" before " success=") all.
void judge_call(Assembler &code, uint32_t fields) {
  constexpr uint32_t kNumber = 22; // the digits of the call; up to three, and more in x32, which no jail may use
  for (uint32_t digits = 1; digits <= 3; digits++) {
    const uint32_t at = fields + kNumber + digits;
    code.load_indexed(BPF_W, at);
    code.skip_unless(Assembler::word(" per"), 1);
    code.answer(true);
    code.skip_unless(Assembler::word(" suc"), 6);
    code.load_indexed(BPF_W, at + 17); // behind " success=no exit="
    code.skip_unless(Assembler::word("-1 a"), 1);
    code.answer(true);
    code.skip_unless(Assembler::word("-13 "), 1);
    code.answer(true);
    code.answer(false);
  }
  code.answer(false);
}

} // namespace

std::vector<sock_filter> audit_filter(uint64_t domain) {
  Assembler code;
  const auto type = [](AuditType one) { return uint32_t{htons(std::to_underlying(one))}; }; // it is in host order
  constexpr uint32_t kType = offsetof(nlmsghdr, nlmsg_type);
  code.load(BPF_H, kType);
  std::vector<size_t> wanted;
  for (const AuditType one : {AuditType::Access, AuditType::Domain, AuditType::Call}) {
    code.skip_unless(type(one), 1);
    wanted.push_back(code.jump());
  }
  code.answer(false);
  for (const size_t jump : wanted) code.land(jump);

  std::vector<size_t> found;
  for (unsigned digits = 1; digits <= kSerialDigits; digits++) {
    code.load(BPF_B, kSerial + digits);
    code.skip_unless(')', 2);
    code.index(digits);
    found.push_back(code.jump());
  }
  code.answer(false);
  for (const size_t jump : found) code.land(jump);

  constexpr uint32_t kFields = kSerial + 3; // from the index on
  code.load(BPF_H, kType);
  code.skip_unless(type(AuditType::Call), 1);
  const size_t call = code.jump();
  if (domain != 0) code.drop_unless_indexed(kFields, fmt::format("domain={:x} ", domain));
  code.answer(true);
  code.land(call);
  judge_call(code, kFields);
  return code.take();
}

} // namespace jails::denial
