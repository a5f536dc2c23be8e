#include "denial/audit_state.h"

#include "base/fd.h"

#include <linux/audit.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace jails::denial {

std::optional<AuditState> audit_state() {
  const Fd audit(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
  if (!audit) return std::nullopt;
  nlmsghdr question{.nlmsg_len = sizeof question,
                    .nlmsg_type = AUDIT_GET,
                    .nlmsg_flags = NLM_F_REQUEST,
                    .nlmsg_seq = 1,
                    .nlmsg_pid = 0};
  if (send(audit.get(), &question, sizeof question, 0) < 0) return std::nullopt;
  struct {
    nlmsghdr header;
    audit_status status;
    char room[256];
  } answer{};
  pollfd ready{.fd = audit.get(), .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, 1000) != 1 || recv(audit.get(), &answer, sizeof answer, 0) < 0) return std::nullopt;
  if (answer.header.nlmsg_type != AUDIT_GET) return std::nullopt;
  return AuditState{.enabled = answer.status.enabled != 0, .panics = answer.status.failure == AUDIT_FAIL_PANIC};
}

Status may_tell(const std::optional<AuditState> &state, bool records) {
  if (!state) return fail(ErrorKind::Unsupported, "this kernel has no auditing");
  if (!records) return fail(ErrorKind::Unsupported, "this kernel writes no audit records of Landlock (Linux 6.15)");
  if (state->panics)
    return fail(ErrorKind::Denied, "this host panics when audit records are lost (auditctl -f 2), and the jail could "
                                   "make it lose some");
  return {};
}

bool landlock_has_records() {
  return syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 7;
}

} // namespace jails::denial
