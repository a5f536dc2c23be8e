// What passes between whoever starts a supervisor and the supervisor: its orders, and whether it could carry them out.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "supervise/supervisor.h"

namespace jails::supervise {

// A sealed memfd with the orders, and the reading of it.
Result<Fd> make_handover(const Instance &instance, Jid jid, const Spec &spec);
Result<Setup> receive_handover(int fd);

// One packet over a SOCK_SEQPACKET. Only the first counts; EOF without any means that the supervisor died.
void report_result(int fd, const Status &status);
Status await_result(int fd, std::string_view who = "the supervisor");

} // namespace jails::supervise
