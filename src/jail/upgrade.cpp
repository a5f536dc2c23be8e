#include "jail/upgrade.h"

#include "jail/control.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jails {
namespace {

constexpr int kAnswerMs = 30000; // the check of the new program is given up after five seconds
constexpr int kBusyMs = 5000;    // what it is just doing is over by then, or takes its time
constexpr int kPauseMs = 50;

bool executes(uint32_t pid, const Fd &program) {
  struct stat now{};
  struct stat wanted{};
  return stat(fmt::format("/proc/{}/exe", pid).c_str(), &now) == 0 && fstat(program.get(), &wanted) == 0 &&
         now.st_dev == wanted.st_dev && now.st_ino == wanted.st_ino;
}

Result<Upgrade> ask(const Instance &instance, const JailName &name, const Fd &program) {
  const auto status = TRY(supervisor_status(instance, name));
  if (executes(status.supervisor, program)) return Upgrade::Same;
  const Fd connection = TRY(connect_supervisor(instance, name));
  const int attached = program.get();
  TRY(send_request(connection, {.type = supervise::RequestType::Upgrade, .exec = {}}, {&attached, 1}));
  pollfd ready{.fd = connection.get(), .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, kAnswerMs) != 1)
    return fail(ErrorKind::Busy, fmt::format("the supervisor of jail {} does not answer", name.str()));
  const auto answer = receive_reply(connection);
  if (!answer)
    return fail(ErrorKind::System, fmt::format("jail {}: its supervisor ended in the upgrade, and the jail with it: {}",
                                               name.str(), answer.error().text()));
  if (answer->reply.type != supervise::ReplyType::Status)
    return fail(static_cast<ErrorKind>(answer->reply.kind),
                answer->reply.text.empty() ? "unexpected reply of the supervisor" : answer->reply.text);
  return Upgrade::Done;
}

} // namespace

Result<Upgrade> upgrade_supervisor(const Instance &instance, const JailName &name, const NameLock &) {
  const std::string path = TRY(libexec_program("jail-supervisor"));
  const Fd program(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!program) return fail_errno(path);
  for (int ms = 0;; ms += kPauseMs) {
    auto done = ask(instance, name, program);
    if (done || done.error().kind() != ErrorKind::Busy || ms >= kBusyMs) return done;
    usleep(kPauseMs * 1000);
  }
}

} // namespace jails
