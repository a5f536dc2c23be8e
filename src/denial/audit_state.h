// The host's auditing, as it is set just now: auditctl(8). Asking changes nothing, and disturbs no auditd.
#pragma once

#include <optional>

namespace jails::denial {

struct AuditState {
  bool enabled = false;
  bool panics = false; // when a record is lost (auditctl -f 2)
};
std::optional<AuditState> audit_state(); // none: this kernel has none, or it is not for us

// Can the kernel write records of what Landlock refuses (ABI 7, Linux 6.15)?
bool landlock_has_records();

} // namespace jails::denial
