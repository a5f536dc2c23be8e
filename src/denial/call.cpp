#include "denial/call.h"

#include "abi/syscall_policy.h"
#include "model/policy.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/socket.h>

namespace jails::denial {
namespace {

enum class Shown : uint8_t { Number, Hex, Octal, Family, Type, YesNo };

struct Argument {
  uint16_t nr;
  uint8_t arg;
  const char *name;
  Shown shown;
};
// Those that rules look at, and those that tell in a call that is refused altogether.
constexpr Argument kArguments[] = {
    {__NR_bpf, 0, "command", Shown::Number},
    {__NR_clock_settime, 0, "clock", Shown::Number},
    {__NR_clone, 0, "flags", Shown::Hex},
    {__NR_fcntl, 1, "command", Shown::Number},
    {__NR_ioctl, 1, "request", Shown::Hex},
    {__NR_ioprio_set, 0, "which", Shown::Number},
    {__NR_ioprio_set, 1, "who", Shown::Number},
    {__NR_kcmp, 0, "pid", Shown::Number},
    {__NR_keyctl, 0, "operation", Shown::Number},
    {__NR_mknod, 1, "mode", Shown::Octal},
    {__NR_mknodat, 2, "mode", Shown::Octal},
    {__NR_personality, 0, "persona", Shown::Hex},
    {__NR_pidfd_open, 0, "pid", Shown::Number},
    {__NR_prlimit64, 0, "pid", Shown::Number},
    {__NR_prlimit64, 1, "resource", Shown::Number},
    {__NR_prlimit64, 2, "set", Shown::YesNo},
    {__NR_process_vm_readv, 0, "pid", Shown::Number},
    {__NR_process_vm_writev, 0, "pid", Shown::Number},
    {__NR_ptrace, 0, "request", Shown::Number},
    {__NR_quotactl, 0, "command", Shown::Hex},
    {__NR_sched_getaffinity, 0, "pid", Shown::Number},
    {__NR_sched_getattr, 0, "pid", Shown::Number},
    {__NR_sched_getparam, 0, "pid", Shown::Number},
    {__NR_sched_getscheduler, 0, "pid", Shown::Number},
    {__NR_sched_rr_get_interval, 0, "pid", Shown::Number},
    {__NR_sched_setaffinity, 0, "pid", Shown::Number},
    {__NR_sched_setattr, 0, "pid", Shown::Number},
    {__NR_sched_setparam, 0, "pid", Shown::Number},
    {__NR_sched_setscheduler, 0, "pid", Shown::Number},
    {__NR_seccomp, 0, "operation", Shown::Number},
    {__NR_seccomp, 1, "flags", Shown::Hex},
    {__NR_setns, 1, "type", Shown::Hex},
    {__NR_setpriority, 0, "which", Shown::Number},
    {__NR_setpriority, 1, "who", Shown::Number},
    {__NR_setrlimit, 0, "resource", Shown::Number},
    {__NR_socket, 0, "family", Shown::Family},
    {__NR_socket, 1, "type", Shown::Type},
    {__NR_socket, 2, "protocol", Shown::Number},
    {__NR_socketpair, 0, "family", Shown::Family},
    {__NR_syslog, 0, "action", Shown::Number},
    {__NR_unshare, 0, "flags", Shown::Hex},
};

std::string with_name(uint64_t value, const char *name) {
  return name == nullptr ? fmt::format("{}", value) : fmt::format("{} {}", value, name);
}

const char *family_name(uint64_t family) {
  switch (family) {
  case AF_UNIX: return "UNIX";
  case AF_INET: return "INET";
  case AF_INET6: return "INET6";
  case AF_NETLINK: return "NETLINK";
  case AF_PACKET: return "PACKET";
  case AF_CAN: return "CAN";
  case AF_BLUETOOTH: return "BLUETOOTH";
  case AF_ALG: return "ALG";
  case AF_VSOCK: return "VSOCK";
  default: return nullptr;
  }
}

const char *type_name(uint64_t type) {
  switch (type) {
  case SOCK_STREAM: return "STREAM";
  case SOCK_DGRAM: return "DGRAM";
  case SOCK_RAW: return "RAW";
  case SOCK_SEQPACKET: return "SEQPACKET";
  case SOCK_PACKET: return "PACKET";
  default: return nullptr;
  }
}

std::string value_text(Shown shown, uint64_t value) {
  switch (shown) {
  case Shown::Number: return fmt::format("{}", static_cast<int32_t>(value));
  case Shown::Hex: return fmt::format("{:#x}", value);
  case Shown::Octal: return fmt::format("{:#o}", value);
  case Shown::Family: return with_name(value, family_name(value));
  case Shown::Type: return with_name(value & 0xf, type_name(value & 0xf));
  case Shown::YesNo: return value != 0 ? "yes" : "no";
  }
  return {};
}

bool looks_at(const sj_condition &condition, unsigned arg) { return condition.op != SJ_ANY && condition.arg == arg; }

// What is kept of an argument: the low half, which is what the kernel and the rules read; of a pointer, whether there
// is one.
uint64_t kept(uint32_t nr, unsigned arg, uint64_t value) {
  for (const auto &rule : sj_syscall_rules)
    for (const auto &condition : rule.when)
      if (rule.nr == nr && looks_at(condition, arg) && condition.op == SJ_NONZERO64) return value != 0;
  return nr == __NR_socket && arg == 1 ? value & 0xf : static_cast<uint32_t>(value); // without SOCK_CLOEXEC and its kin
}

} // namespace

sj_object object_of_call(uint32_t nr, std::span<const uint64_t, 6> args) {
  sj_object object{};
  object.call.nr = nr;
  unsigned count = 0;
  for (const auto &argument : kArguments)
    if (argument.nr == nr && count < SJ_CALL_ARGS) {
      object.call.args |= 1U << argument.arg;
      object.call.arg[count++] = kept(nr, argument.arg, args[argument.arg]);
    }
  return object;
}

void arguments_of(const sj_object &object, std::span<__u64, 6> args) {
  std::ranges::fill(args, 0);
  unsigned next = 0;
  for (unsigned arg = 0; arg < 6 && next < SJ_CALL_ARGS; arg++)
    if ((object.call.args >> arg & 1U) != 0) args[arg] = object.call.arg[next++];
}

std::string call_text(const sj_object &object) {
  const uint32_t nr = object.call.nr;
  const std::string_view name = syscall_name(nr);
  std::string text = name == "-" ? fmt::format("call {}", nr) : std::string(name);
  __u64 args[6];
  arguments_of(object, args);
  const char *before = "(";
  for (const auto &argument : kArguments)
    if (argument.nr == nr && (object.call.args >> argument.arg & 1U) != 0) {
      text += fmt::format("{}{}={}", before, argument.name, value_text(argument.shown, args[argument.arg]));
      before = ", ";
    }
  if (object.call.args != 0) text += ")";
  return text;
}

} // namespace jails::denial
