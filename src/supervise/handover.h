// What passes between whoever starts a supervisor and the supervisor: its orders, and whether it could carry them out.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "supervise/state.h"
#include "supervise/supervisor.h"

#include <optional>
#include <string>

namespace jails::supervise {

// What stands in the list of processes: "jailctl: jailctl supervise jail=web jid=2".
std::string supervisor_title(const JailName &name, Jid jid);

// A sealed memfd with the orders: start this jail.
Result<Fd> make_handover(const Instance &instance, Jid jid, const Spec &spec);
// Those, or a state that another supervisor left to be checked, or to be gone on with (state.h). Anything else is
// Malformed.
struct Orders {
  std::optional<Setup> start;
  std::optional<SavedState> check, go_on;
};
Result<Orders> receive_handover(int fd);

// One packet over a SOCK_SEQPACKET. Only the first counts; EOF without any means that the supervisor died (EINTR).
void report_result(int fd, const Status &status);
Status await_result(int fd, std::string_view who = "the supervisor");

} // namespace jails::supervise
