// Asks a jail's supervisor to execute a program that it is given, as `jailctl verify` does, and prints what it says.
//   probe_request JAIL PROGRAM          in a sealed memfd, with two pipes
//   probe_request JAIL PROGRAM unsealed in a memfd that can be written
//   probe_request JAIL PROGRAM file     the file itself
//   probe_request JAIL PROGRAM socket   with a socket in the place of a pipe
//   probe_request JAIL PROGRAM missing  without the second pipe
//   probe_request JAIL PROGRAM upgrade  in the supervisor's place, as `jailctl upgrade` does
//   probe_request JAIL status           what it says of itself, a line each
#include "jail/control.h"
#include "sys/call.h"
#include "sys/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

using namespace jails;

Result<Fd> program_of(const std::string &path, std::string_view kind) {
  if (kind == "file") return Fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const auto bytes = TRY(sys::read_file(path, 16U << 20U));
  if (kind != "unsealed") return sys::sealed_memfd("program", bytes);
  Fd fd(memfd_create("program", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd || write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    return fail_errno("memfd");
  return fd;
}

Status ask(const std::string &jail, const std::string &path, std::string_view kind) {
  const auto instance = TRY(Instance::from_environment());
  const Fd connection = TRY(connect_supervisor(instance, TRY(JailName::parse(jail))));
  const Fd program = TRY(program_of(path, kind));
  auto in = TRY(sys::make_pipe());
  auto out = TRY(sys::make_pipe());
  auto pair = TRY(sys::seqpacket_pair());
  std::vector<int> fds{program.get(), kind == "socket" ? pair.first.get() : in.read.get(), out.write.get()};
  if (kind == "missing") fds.pop_back();
  TRY(send_request(connection, {.type = supervise::RequestType::Probe, .exec = {}, .probe = {0}}, fds));
  in.write.reset();
  const auto answer = TRY(receive_reply(connection));
  if (answer.reply.type == supervise::ReplyType::Exited && answer.reply.text.empty())
    fmt::print("exit status {}\n", WEXITSTATUS(static_cast<int>(answer.reply.wait_status)));
  else
    fmt::print("refused: {}\n", answer.reply.text);
  return {};
}

Status ask_status(const std::string &jail) {
  const auto status = TRY(supervisor_status(TRY(Instance::from_environment()), TRY(JailName::parse(jail))));
  fmt::print("supervisor {}\nanchor {}\nworkload {}\nrestarts {}\nstarted {}\nstate {}\nfailures {}\n",
             status.supervisor, status.anchor, status.workload, status.restarts, status.started, status.state,
             status.health_failures);
  return {};
}

Status upgrade(const std::string &jail, const std::string &path) {
  const Fd program = TRY(program_of(path, "file"));
  const Fd connection = TRY(connect_supervisor(TRY(Instance::from_environment()), TRY(JailName::parse(jail))));
  const int attached = program.get();
  TRY(send_request(connection, {.type = supervise::RequestType::Upgrade, .exec = {}}, {&attached, 1}));
  const auto answer = TRY(receive_reply(connection));
  if (answer.reply.type == supervise::ReplyType::Status)
    fmt::print("upgraded\n");
  else
    fmt::print("refused: {}\n", answer.reply.text);
  return {};
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  const std::string_view kind = argc > 3 ? argv[3] : "";
  const auto asked = std::string_view(argv[2]) == "status" ? ask_status(argv[1])
                     : kind == "upgrade"                   ? upgrade(argv[1], argv[2])
                                                           : ask(argv[1], argv[2], kind);
  if (!asked) fmt::print(stderr, "{}\n", asked.error().text());
  return asked ? 0 : 1;
}
