#include "supervise/peer.h"

#include "base/fd.h"
#include "supervise/thread_facts.h"
#include "sys/call.h"

#include <cerrno>
#include <sys/socket.h>

namespace jails::supervise {
namespace {

#ifndef SO_PEERPIDFD
constexpr int SO_PEERPIDFD = 77; // Linux 6.5
#endif

constexpr socklen_t kMaxGroups = 65536; // NGROUPS_MAX

Result<std::vector<uint32_t>> groups_of(int socket) {
  std::vector<uint32_t> groups(32);
  socklen_t size = static_cast<socklen_t>(groups.size() * sizeof(uint32_t));
  int rc = getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
  if (rc != 0 && errno == ERANGE && size <= kMaxGroups * sizeof(uint32_t)) { // it says how many
    groups.resize(size / sizeof(uint32_t));
    rc = getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
  }
  if (rc != 0) return fail_errno("groups of the peer");
  groups.resize(size / sizeof(uint32_t));
  return groups;
}

} // namespace

Result<Peer> peer_outside(int socket) {
  int raw = -1;
  socklen_t size = sizeof raw;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &raw, &size) != 0) return fail_errno("the peer");
  const Fd pidfd(raw);
  ucred credentials{};
  size = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return fail_errno("the peer");
  const std::string path = v2_path(credentials.pid);
  if (path.empty()) return fail(ErrorKind::Denied, "the peer: its cgroup cannot be read");
  TRY_IN("the peer", sys::pidfd_signal(pidfd.get(), 0)); // so that was its cgroup, and not another's
  if (path.starts_with("/jail/") || path.starts_with("/jail-")) return fail(ErrorKind::Denied, "a jail asks");
  return Peer{.pid = credentials.pid, .uid = credentials.uid, .gid = credentials.gid, .groups = TRY(groups_of(socket))};
}

} // namespace jails::supervise
