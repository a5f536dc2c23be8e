#include "model/policy.h"

#include "abi/capability_policy.h"
#include "abi/syscall_policy.h"

#include <array>
#include <fmt/format.h>

// Generated from the headers (cmake/syscall_names.cmake).
extern "C" const char *const sj_syscall_names[];
extern "C" const unsigned sj_syscall_name_count;

namespace jails {
namespace {

// capability.h has no names; in the order of the numbers.
constexpr auto kCapabilities = std::to_array<std::string_view>({"CHOWN",
                                                                "DAC_OVERRIDE",
                                                                "DAC_READ_SEARCH",
                                                                "FOWNER",
                                                                "FSETID",
                                                                "KILL",
                                                                "SETGID",
                                                                "SETUID",
                                                                "SETPCAP",
                                                                "LINUX_IMMUTABLE",
                                                                "NET_BIND_SERVICE",
                                                                "NET_BROADCAST",
                                                                "NET_ADMIN",
                                                                "NET_RAW",
                                                                "IPC_LOCK",
                                                                "IPC_OWNER",
                                                                "SYS_MODULE",
                                                                "SYS_RAWIO",
                                                                "SYS_CHROOT",
                                                                "SYS_PTRACE",
                                                                "SYS_PACCT",
                                                                "SYS_ADMIN",
                                                                "SYS_BOOT",
                                                                "SYS_NICE",
                                                                "SYS_RESOURCE",
                                                                "SYS_TIME",
                                                                "SYS_TTY_CONFIG",
                                                                "MKNOD",
                                                                "LEASE",
                                                                "AUDIT_WRITE",
                                                                "AUDIT_CONTROL",
                                                                "SETFCAP",
                                                                "MAC_OVERRIDE",
                                                                "MAC_ADMIN",
                                                                "SYSLOG",
                                                                "WAKE_ALARM",
                                                                "BLOCK_SUSPEND",
                                                                "AUDIT_READ",
                                                                "PERFMON",
                                                                "BPF",
                                                                "CHECKPOINT_RESTORE"});
static_assert(kCapabilities.size() == CAP_LAST_CAP + 1 && kCapabilities[CAP_SETFCAP] == "SETFCAP");

std::string_view answer_text(int error) {
  switch (error) {
  case 0: return "allow";
  case EPERM: return "EPERM";
  case ENOSYS: return "ENOSYS";
  case EAFNOSUPPORT: return "EAFNOSUPPORT";
  default: return "error";
  }
}

std::string condition_text(const sj_condition &condition) {
  if (condition.op == SJ_ANY) return {};
  if (condition.op == SJ_NONZERO64) return fmt::format("arg{} != 0", condition.arg);
  const std::string mask = condition.mask == SJ_ALL ? "" : fmt::format(" & {:#x}", condition.mask);
  const std::string value =
      condition.value < 10 ? fmt::format("{}", condition.value) : fmt::format("{:#x}", condition.value);
  return fmt::format("arg{}{} {} {}", condition.arg, mask, condition.op == SJ_EQ ? "==" : "!=", value);
}

SyscallLine line_of(const sj_syscall_rule &rule) {
  const unsigned id = rule.unless != SJ_PERM_NONE ? rule.unless : rule.with;
  SyscallLine line{.nr = rule.nr,
                   .name = syscall_name(rule.nr),
                   .answer = answer_text(rule.error),
                   .when = condition_text(rule.when[0]),
                   .permission = id == SJ_PERM_NONE ? std::string_view() : sj_permissions[id].name};
  if (const auto second = condition_text(rule.when[1]); !second.empty()) line.when += " and " + second;
  return line;
}

} // namespace

std::vector<std::string> capability_names(uint64_t set) {
  std::vector<std::string> names;
  for (unsigned cap = 0; cap < kCapabilities.size(); cap++)
    if ((set >> cap & 1U) != 0) names.emplace_back(kCapabilities[cap]);
  return names;
}

uint64_t capabilities_of(Profile profile, PermissionSet in_force, bool has_low_port) {
  return sj_capabilities(static_cast<uint32_t>(profile), in_force, has_low_port ? 1 : 0);
}

std::string_view syscall_name(uint32_t nr) {
  const char *name = nr < sj_syscall_name_count ? sj_syscall_names[nr] : nullptr;
  return name == nullptr ? "-" : name;
}

std::vector<SyscallLine> syscall_lines(Profile profile, PermissionSet in_force) {
  std::vector<SyscallLine> lines;
  for (uint32_t nr = 0; nr <= SJ_SYSCALL_KNOWN_MAX; nr++) {
    bool final = false;
    for (const auto &rule : sj_syscall_rules) {
      if (rule.nr != nr || sj_rule_stands(&rule, in_force) == 0) continue;
      lines.push_back(line_of(rule));
      final = lines.back().when.empty();
      if (final) break;
    }
    if (!final)
      lines.push_back({.nr = nr,
                       .name = syscall_name(nr),
                       .answer = answer_text(sj_syscall_default(static_cast<uint32_t>(profile), nr)),
                       .when = {},
                       .permission = {}});
  }
  return lines;
}

} // namespace jails
