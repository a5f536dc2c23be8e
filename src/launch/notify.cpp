#include "launch/notify.h"

#include "abi/syscall_policy.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <utility>

namespace jails::launch {
namespace {

// A kernel whose structs are longer than this header's writes as much as it has: room for that.
template <class T> union Roomy {
  T value;
  char room[512];
};

void send(int listener, uint64_t id, int64_t value, int error) {
  Roomy<seccomp_notif_resp> response;
  memset(&response, 0, sizeof response);
  response.value.id = id;
  response.value.val = value;
  response.value.error = -error;
  (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response); // ENOENT: the caller died
}

} // namespace

Result<std::optional<Call>> receive_call(int listener) {
  Roomy<seccomp_notif> got;
  memset(&got, 0, sizeof got);
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &got) != 0) {
    if (errno == ENOENT || errno == EINTR) return std::nullopt;
    return fail_errno("seccomp notification");
  }
  Call call{.id = got.value.id,
            .thread = static_cast<pid_t>(got.value.pid),
            .nr = static_cast<uint32_t>(got.value.data.nr),
            .args = {}};
  std::ranges::copy(got.value.data.args, call.args.begin());
  return call;
}

bool still_waiting(int listener, uint64_t id) { return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0; }

int refusal(Profile profile, PermissionSet permissions, const Call &call) {
  __u64 args[6];
  std::ranges::copy(call.args, args);
  const int error = sj_syscall(static_cast<uint32_t>(profile), permissions, call.nr, args);
  return error != 0 ? error : EPERM;
}

void refuse(int listener, uint64_t id, int error) { send(listener, id, 0, error); }

void answer(int listener, uint64_t id, int64_t value) { send(listener, id, value, 0); }

int answer_with_descriptor(int listener, uint64_t id, int fd) {
  seccomp_notif_addfd add{.id = id,
                          .flags = SECCOMP_ADDFD_FLAG_SEND,
                          .srcfd = static_cast<uint32_t>(fd),
                          .newfd = 0,
                          .newfd_flags = O_CLOEXEC};
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 ? errno : 0;
}

} // namespace jails::launch
