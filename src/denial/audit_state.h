// The host's auditing, as it is set just now: auditctl(8). Asking changes nothing, and disturbs no auditd.
#pragma once

#include "base/error.h"

#include <optional>

namespace jails::denial {

struct AuditState {
  bool enabled = false;
  bool panics = false; // when a record is lost (auditctl -f 2)
};
std::optional<AuditState> audit_state(); // none: this kernel has none, or it is not for us

// May a jail be let write there? state: the host's; records: landlock_has_records(). Unsupported: there would be none;
// Denied: a jail could bring the host down. Pure.
Status may_tell(const std::optional<AuditState> &state, bool records);

// Can the kernel write records of what Landlock refuses (ABI 7, Linux 6.15)?
bool landlock_has_records();

} // namespace jails::denial
