#include "denial/sources.h"

#include "denial/audit_state.h"

#include <fmt/format.h>

namespace jails::denial {
namespace {

std::string gaps_of(const sj_denied_landlock &counts) {
  std::string text;
  if (counts.unread != 0) text = fmt::format("{} audit records came faster than they were read", counts.unread);
  if (counts.unclear != 0)
    text += fmt::format("{}{} audit records came without those of their calls, by a rule of the host's auditing, or "
                        "because the process is older than auditing",
                        text.empty() ? "" : "; ", counts.unclear);
  return text;
}

Source landlock(const std::optional<LandlockAudit> &jail) {
  Source source{.name = "landlock",
                .covers = "signals, ptrace and abstract sockets out of the jail",
                .active = false,
                .detail = {}};
  const auto audit = audit_state();
  if (!landlock_has_records()) {
    source.detail = "it tells only since Linux 6.15";
  } else if (!audit) {
    source.detail = "this kernel has no auditing";
  } else if (jail && !jail->asked) {
    source.detail = fmt::format("landlock = \"audit\" in [log] lets it, by the host's audit log{}",
                                audit->enabled ? "" : ", while auditing of the host is on (auditctl -e 1)");
  } else if (!audit->enabled) {
    source.detail = "it tells only while auditing of the host is on (auditctl -e 1), and it is off";
  } else {
    source.active = true;
    source.detail = jail ? "from the host's audit log" : "jails with landlock = \"audit\" in [log] have it told";
  }
  if (!jail) return source;
  source.gaps = gaps_of(jail->counts);
  return source;
}

} // namespace

std::vector<Source> sources(const std::optional<LandlockAudit> &jail) {
  return {
      {.name = "bpf", .covers = "ports, devices, sysctls", .active = true, .detail = "counted where they are refused"},
      {.name = "seccomp",
       .covers = "system calls outside the profile",
       .active = true,
       .detail = "but those that answer ENOSYS, by which programs ask what the kernel has"},
      landlock(jail)};
}

} // namespace jails::denial
