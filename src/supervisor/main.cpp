// jail-supervisor: what `jailctl supervise` becomes on the host. A program of its own, small and without the libraries
// of the tools, because one of it stays in memory for every running jail. Descriptor 3: where to report. Descriptor 4:
// the orders (supervise/handover.h).
#include "supervise/handover.h"
#include "supervise/supervisor.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace {

using namespace jails;

Status carry_out(Fd report, Fd state) {
  auto orders = TRY(supervise::receive_handover(state.get()));
  state.reset();
  if (orders.check) {
    TRY(supervise::Supervisor::check(*orders.check));
    supervise::report_result(report.get(), {});
    return {};
  }
  if (orders.go_on) return TRY(supervise::Supervisor::go_on(std::move(*orders.go_on)))->serve();
  const bool starts_something = !orders.start->spec.command.empty() || orders.start->spec.hooks.configured();
  auto supervisor = TRY(supervise::Supervisor::start(std::move(*orders.start)));
  if (!starts_something) {
    supervise::report_result(report.get(), {});
    report.reset();
    return supervisor->serve();
  }
  TRY(supervisor->start_workload([report = std::move(report)](const Status &status) mutable {
    supervise::report_result(report.get(), status);
    report.reset();
  }));
  return supervisor->serve();
}

} // namespace

int main() {
  prctl(PR_SET_NAME, "jailctl", 0, 0, 0); // argv[0] says the rest
  for (const int fd : {3, 4}) fcntl(fd, F_SETFD, FD_CLOEXEC);
  Fd report(3);
  const Fd keep(fcntl(3, F_DUPFD_CLOEXEC, 5));
  const Status status = carry_out(std::move(report), Fd(4));
  if (!status) jails::supervise::report_result(keep.get(), status);
  return status ? 0 : 1;
}
