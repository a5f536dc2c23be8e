// What programs do to threads of their own jail and the filter cannot tell from the same done to the host's: affinity,
// scheduling, priorities by number, and pidfd_open. The filter hands these calls over; here the target is looked at,
// and the call made in the caller's name. secmodel_jail(7) and docs/architecture.md tell the rules.
#pragma once

#include "base/fd.h"
#include "launch/notify.h"
#include "model/ids.h"
#include "supervise/thread_facts.h"

#include <optional>
#include <string>

namespace jails::supervise {

struct Answer {
  int error = 0; // 0: done
  Fd descriptor; // to be given to the caller
};

class Proxy {
public:
  // anchor: a member of the jail that is alive now, and that nobody may act upon.
  Proxy(Profile profile, pid_t anchor) : profile_(profile), anchor_(anchor), path_(v2_path(anchor)) {}

  // None: the call is not one of those, or not about a member of the jail: it is to be refused. caller: facts of the
  // calling thread, read while it waited on `listener`.
  [[nodiscard]] std::optional<Answer> answer(int listener, const launch::Call &call, const ThreadFacts &caller) const;

private:
  [[nodiscard]] Fd open_member(pid_t target, unsigned flags) const;

  Profile profile_;
  pid_t anchor_;
  std::string path_;
};

} // namespace jails::supervise
