#include "denial/advice.h"

#include "abi/syscall_policy.h"
#include "base/text.h"
#include "denial/call.h"
#include "denial/report.h"
#include "secmodel/rows.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails::denial {
namespace {

// Those that the supervisor makes in the caller's name in low and medium (supervise/proxy.h).
bool is_about_members(const sj_object &object) {
  switch (object.call.nr) {
  case __NR_pidfd_open:
  case __NR_sched_setaffinity:
  case __NR_sched_setattr:
  case __NR_sched_setparam:
  case __NR_sched_setscheduler: return true;
  case __NR_setpriority: return object.call.arg[0] == 0; // PRIO_PROCESS
  case __NR_ioprio_set: return object.call.arg[0] == 1;  // IOPRIO_WHO_PROCESS
  default: return false;
  }
}

// The permission without which the filter refuses the call; empty: there is none that can be had.
std::string_view lifting(const sj_object &call, const __u64 *args, Profile profile, PermissionSet permissions) {
  const auto level = static_cast<uint32_t>(profile);
  for (unsigned id = 0; id < SJ_PERMS; id++)
    if ((sj_permissions[id].grantable >> level & 1) != 0 && sj_has(permissions, id) == 0 &&
        sj_syscall(level, permissions | SJ_BIT(id), call.call.nr, args) == 0)
      return sj_permissions[id].name;
  return {};
}

// The least that lets this call through the filter.
Advice advise_call(const sj_object &call, Profile profile, PermissionSet permissions) {
  __u64 args[6];
  arguments_of(call, args);
  if (const auto name = lifting(call, args, profile, permissions); !name.empty())
    return {.setting = fmt::format("allow = [\"{}\"]", name), .reason = "a permission (--allow); stop, change, start"};
  for (const Profile other : {Profile::Medium, Profile::Low}) {
    const auto level = static_cast<uint32_t>(other);
    if (other < profile && sj_syscall(level, sj_profile_permissions(level), call.call.nr, args) == 0)
      return {.setting = fmt::format("profile = \"{}\"", to_string(other)),
              .reason = "the strictest profile whose filter lets it pass; its capabilities must allow it as well"};
  }
  if (!is_about_members(call)) return {.setting = {}, .reason = "no profile and no permission allows this call"};
  if (profile == Profile::High)
    return {.setting = "profile = \"medium\"", .reason = "there a program may do this to processes of its own jail"};
  return {.setting = {}, .reason = "the process is not one of this jail, or its anchor"};
}

Advice advise_port(const Denial &denial, const JailRow &jail, std::span<const JailRow> jails) {
  const std::string port = object_text(denial);
  const auto owns = [&](const JailRow &other) {
    return other.jid != jail.jid && std::ranges::any_of(other.ports, [&](const PortReservation &reserved) {
             const sj_port row = rows::to_row(reserved);
             const sj_claim claim = rows::claim_of(other.jid, row);
             return row.port == denial.object.port.port &&
                    sj_claim_touches(&claim, denial.object.port.protos, &denial.object.port.at) != 0;
           });
  };
  if (denial.object.port.port == 0)
    return {.setting = {}, .reason = "the program has to bind a port that this jail has reserved before it listens"};
  const auto owner = std::ranges::find_if(jails, owns);
  if (owner != jails.end())
    return {.setting = {}, .reason = fmt::format("jail {} has reserved {}", printable(owner->name), port)};
  return {.setting = fmt::format("ports = [\"{}\"]", port),
          .reason = denial.rule == SJ_RULE_LISTEN_UNBOUND ? "reserves it; the program has to bind it before it listens"
                                                          : "reserves it for this jail (-r); stop, change, start"};
}

// What a call of a service would take: `to` as --connect has it.
Advice advise_service(const Denial &denial, std::span<const JailRow> jails) {
  const auto &object = denial.object.port;
  std::string to = address_text(denial.object);
  if (denial.rule == SJ_RULE_CALL_JAIL)
    for (const auto &jail : jails)
      for (const auto &port : jail.ports) {
        const sj_claim claim = rows::claim_of(jail.jid, rows::to_row(port));
        if (port.port == object.port && sj_claim_touches(&claim, object.protos, &object.at) != 0) to = jail.name;
      }
  if (object.port == 0 || object.protos == 0)
    return {.setting = {}, .reason = "not by TCP or UDP: no setting of [net] speaks of it"};
  const bool is_v6 = to.find(':') != to.npos;
  return {.setting = fmt::format("connect = [\"{}\"]",
                                 fmt::format(fmt::runtime(is_v6 ? "[{}]:{}" : "{}:{}"), to, object.port)),
          .reason = "in [net]: the jail may call it (--connect); stop, change, start"};
}

} // namespace

Advice advise(const Denial &denial, const JailRow &jail, PermissionSet permissions, std::span<const JailRow> jails) {
  if (denial.rest) return {.setting = {}, .reason = "of more than one kind; --reset makes room to see which"};
  switch (denial.rule) {
  case SJ_RULE_BIND_OWNED:
  case SJ_RULE_BIND_UNRESERVED:
  case SJ_RULE_LISTEN_UNBOUND: return advise_port(denial, jail, jails);
  case SJ_RULE_CALL_HOST:
  case SJ_RULE_CALL_JAIL:
  case SJ_RULE_CALL_NEAR: return advise_service(denial, jails);
  case SJ_RULE_ADDRESS:
    return {.setting = fmt::format("addresses = [\"{}\"]", address_text(denial.object)),
            .reason = "in [net], beside the others: the jail has it too (--address); stop, change, start"};
  case SJ_RULE_BIND_SHARED: return {.setting = {}, .reason = "a process outside the jail has the port in use"};
  case SJ_RULE_DEVICE:
    return {.setting = {}, .reason = "no profile allows other devices than those of the jail's /dev"};
  case SJ_RULE_SYSCTL: return {.setting = {}, .reason = "settings of the kernel are the host's; set it there"};
  case SJ_RULE_SIGNAL:
  case SJ_RULE_TRACE:
  case SJ_RULE_ADJUST:
    if (jail.jid == SJ_HOST) return {.setting = {}, .reason = "only the host's root has power over processes of jails"};
    return {.setting = {}, .reason = "no jail has power over processes outside"};
  case SJ_RULE_BIND_ABSTRACT:
    return {.setting = "profile = \"low\"", .reason = "or a socket with a path: abstract names are the host's too"};
  case SJ_RULE_CALL_ABSTRACT:
    return {.setting = {}, .reason = "a socket with a path, in a directory that both have, would (--mount)"};
  case SJ_RULE_LANDLOCK: return {.setting = {}, .reason = "every jail is in such a domain"};
  case SJ_RULE_FILES:
    return {.setting = fmt::format("files = {}", denial.object.files * 2), .reason = "in [limits], or more (-d)"};
  case SJ_RULE_SYSCALL: return advise_call(denial.object, jail.profile, permissions);
  case SJ_RULES: break;
  }
  return {};
}

std::string advice_text(const Advice &advice) {
  return advice.setting.empty() ? "nothing: " + advice.reason : fmt::format("{} - {}", advice.setting, advice.reason);
}

} // namespace jails::denial
