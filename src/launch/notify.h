// The kernel's side of seccomp user notification (seccomp_unotify(2)): calls that a jail's filter refuses wait here for
// their errno. Nothing in this interface lets a call go on in the kernel (SECCOMP_USER_NOTIF_FLAG_CONTINUE), so what a
// thread does to its arguments meanwhile changes nothing: numbers are copied when the call is made.
#pragma once

#include "base/error.h"
#include "model/ids.h"
#include "model/permissions.h"

#include <array>
#include <cstdint>
#include <optional>
#include <sys/types.h>

namespace jails::launch {

struct Call {
  uint64_t id = 0;
  pid_t thread = 0; // who called; to be believed as long as still_waiting(id)
  uint32_t nr = 0;
  std::array<uint64_t, 6> args{};
};

// The next call; none: it was interrupted before it was read. Does not block when poll(2) has said that one is there.
Result<std::optional<Call>> receive_call(int listener);

// Has the caller been there without a break since receive_call()? Asked after something was read of /proc/THREAD.
bool still_waiting(int listener, uint64_t id);

// The errno that the profile's table gives this call; EPERM where it gives none, because it is asked for refused calls.
int refusal(Profile profile, PermissionSet permissions, const Call &call);

// A caller that is gone meanwhile is no error of anybody's.
void refuse(int listener, uint64_t id, int error);
void answer(int listener, uint64_t id, int64_t value);
// Gives the caller a duplicate of fd, close-on-exec, whose number is what the call returns. 0 or an errno: not
// answered.
int answer_with_descriptor(int listener, uint64_t id, int fd);

} // namespace jails::launch
