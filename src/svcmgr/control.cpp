// The control socket: one packet with NUL-terminated words, one packet back. It is the jail's own; its root alone gets
// at it (0600), and the host parses nothing of it.
#include "svcmgr/manager.h"

#include "base/text.h"
#include "sys/message.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace svcmgr {

using namespace jails;

namespace {

constexpr size_t kMaxRequest = 4096, kMaxAnswer = 64U << 10U;
constexpr int kAnswerMs = 5000, kRequestMs = 1000;

Result<sockaddr_un> address_of(const std::string &path) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof at.sun_path)
    return fail(ErrorKind::Usage, "socket " + in_quotes(path) + ": expected a path of at most 107 bytes");
  memcpy(at.sun_path, path.data(), path.size());
  return at;
}

Result<Fd> connect_to(const std::string &path) {
  const sockaddr_un at = TRY(address_of(path));
  Fd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (fd && connect(fd.get(), reinterpret_cast<const sockaddr *>(&at), sizeof at) == 0) return fd;
  if (errno == ENOENT || errno == ECONNREFUSED) return fail(ErrorKind::NotFound, "svcmgr does not run here", errno);
  return fail_errno(path);
}

Result<Fd> listen_at(const std::string &path) {
  if (connect_to(path)) return fail(ErrorKind::Busy, "another svcmgr runs here, and answers at " + path);
  const sockaddr_un at = TRY(address_of(path));
  unlink(path.c_str());
  Fd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const mode_t old = umask(0177);
  const bool bound = fd && bind(fd.get(), reinterpret_cast<const sockaddr *>(&at), sizeof at) == 0;
  umask(old);
  if (!bound || listen(fd.get(), 16) != 0) return fail_errno(path);
  return fd;
}

bool readable(int fd, int ms) {
  pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&ready, 1, ms) == 1;
}

} // namespace

Manager::Manager(std::vector<Service> services, Fd signals, Fd listener, std::string socket)
    : signals_(std::move(signals)), listener_(std::move(listener)), socket_(std::move(socket)) {
  for (auto &service : services) units_.push_back({.service = std::move(service)});
}

Result<Manager> Manager::create(std::vector<Service> services, const std::string &socket) {
  Fd listener = TRY(listen_at(socket));
  sigset_t mask;
  sigemptyset(&mask);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGQUIT}) sigaddset(&mask, number);
  if (sigprocmask(SIG_BLOCK, &mask, nullptr) != 0) return fail_errno("signals");
  signal(SIGPIPE, SIG_IGN);
  Fd signals(signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return fail_errno("signalfd");
  return Manager(std::move(services), std::move(signals), std::move(listener), socket);
}

void Manager::on_client() {
  const Fd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!client || !readable(client.get(), kRequestMs)) return;
  const auto message = sys::receive_message(client.get(), kMaxRequest, MSG_DONTWAIT);
  if (!message || message->bytes.empty()) return;
  std::vector<std::string> words;
  for (auto word : split(message->bytes, '\0')) words.emplace_back(word);
  words.pop_back(); // behind the last NUL
  if (!words.empty()) (void)sys::send_message(client.get(), answer(words));
}

Result<std::string> ask(const std::string &socket, const std::vector<std::string> &words) {
  const Fd fd = TRY(connect_to(socket));
  std::string bytes;
  for (const auto &word : words) bytes.append(word).push_back('\0');
  TRY(sys::send_message(fd.get(), bytes));
  if (!readable(fd.get(), kAnswerMs)) return fail(ErrorKind::Busy, "svcmgr does not answer");
  const auto reply = TRY(sys::receive_message(fd.get(), kMaxAnswer)).bytes;
  if (reply.empty()) return fail(ErrorKind::NotFound, "svcmgr has just ended");
  if (reply[0] != '+') return fail(ErrorKind::System, printable(reply.substr(1)));
  return reply.substr(1);
}

} // namespace svcmgr
