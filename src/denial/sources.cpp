#include "denial/sources.h"

#include "base/fd.h"

#include <cstring>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

namespace jails::denial {
namespace {

// AUDIT_GET asks and changes nothing; a listening auditd is not disturbed by it.
bool audit_enabled() {
  const Fd audit(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
  if (!audit) return false;
  nlmsghdr question{.nlmsg_len = sizeof question,
                    .nlmsg_type = AUDIT_GET,
                    .nlmsg_flags = NLM_F_REQUEST,
                    .nlmsg_seq = 1,
                    .nlmsg_pid = 0};
  if (send(audit.get(), &question, sizeof question, 0) < 0) return false;
  struct {
    nlmsghdr header;
    audit_status status;
    char room[256];
  } answer{};
  pollfd ready{.fd = audit.get(), .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, 1000) != 1 || recv(audit.get(), &answer, sizeof answer, 0) < 0) return false;
  return answer.header.nlmsg_type == AUDIT_GET && answer.status.enabled != 0;
}

} // namespace

std::vector<Source> sources() {
  // Landlock (ABI 7) writes a record only while auditing of the whole host is on, and after an execve(2) only for a
  // domain that asked for it (LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON). That is the host's to switch, and not ours.
  const std::string landlock = audit_enabled()
                                   ? "its records would go to the host's audit log, which this does not read"
                                   : "it tells only while auditing of the host is on (auditctl -e 1), and it is off";
  return {
      {.name = "bpf", .covers = "ports, devices, sysctls", .active = true, .detail = "counted where they are refused"},
      {.name = "seccomp",
       .covers = "system calls outside the profile",
       .active = true,
       .detail = "but those that answer ENOSYS, by which programs ask what the kernel has"},
      {.name = "landlock",
       .covers = "signals, ptrace and abstract sockets out of the jail, mknod",
       .active = false,
       .detail = landlock}};
}

} // namespace jails::denial
