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

// The least that lets this call through the filter: the place to complete when there is more to grant than profiles.
Advice advise_call(const sj_object &call, Profile profile) {
  __u64 args[6];
  arguments_of(call, args);
  for (const Profile other : {Profile::Medium, Profile::Low})
    if (other < profile && sj_syscall(static_cast<uint32_t>(other), call.call.nr, args) == 0)
      return {.setting = fmt::format("profile = \"{}\"", to_string(other)),
              .reason = "the strictest profile whose filter lets it pass; its capabilities must allow it as well"};
  if (!is_about_members(call)) return {.setting = {}, .reason = "no profile allows this call"};
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
  const auto owner = std::ranges::find_if(jails, owns);
  if (owner != jails.end())
    return {.setting = {}, .reason = fmt::format("jail {} has reserved {}", printable(owner->name), port)};
  return {.setting = fmt::format("ports = [\"{}\"]", port),
          .reason = denial.rule == SJ_RULE_LISTEN_UNBOUND ? "reserves it; the program has to bind it before it listens"
                                                          : "reserves it for this jail (-r); stop, change, start"};
}

} // namespace

Advice advise(const Denial &denial, const JailRow &jail, std::span<const JailRow> jails) {
  if (denial.rest) return {.setting = {}, .reason = "of more than one kind; --reset makes room to see which"};
  switch (denial.rule) {
  case SJ_RULE_BIND_OWNED:
  case SJ_RULE_BIND_UNRESERVED:
  case SJ_RULE_LISTEN_UNBOUND: return advise_port(denial, jail, jails);
  case SJ_RULE_DEVICE:
    return {.setting = {}, .reason = "no profile allows other devices than those of the jail's /dev"};
  case SJ_RULE_SYSCTL: return {.setting = {}, .reason = "settings of the kernel are the host's; set it there"};
  case SJ_RULE_SYSCALL: return advise_call(denial.object, jail.profile);
  case SJ_RULES: break;
  }
  return {};
}

std::string advice_text(const Advice &advice) {
  return advice.setting.empty() ? "nothing: " + advice.reason : fmt::format("{} - {}", advice.setting, advice.reason);
}

} // namespace jails::denial
