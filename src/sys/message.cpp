#include "sys/message.h"

#include "sys/call.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace jails::sys {
namespace {

struct Head { // of a packet
  size_t size = 0;
  bool has_fds = false;
};

} // namespace

static Result<std::pair<Fd, sockaddr_un>> seqpacket_at(const std::string &path, int flags) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (path.size() >= sizeof at.sun_path) return fail(ErrorKind::Usage, path + ": too long for a socket");
  strncpy(at.sun_path, path.c_str(), sizeof at.sun_path - 1);
  Fd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0));
  if (!fd) return fail_errno("socket");
  return std::pair{std::move(fd), at};
}

Result<Fd> listen_seqpacket(const std::string &path, mode_t mode) {
  constexpr int kBacklog = 64;
  auto [fd, at] = TRY(seqpacket_at(path, SOCK_NONBLOCK));
  unlink(path.c_str());
  const mode_t old = umask(~mode & 0777U);
  const bool bound = bind(fd.get(), reinterpret_cast<const sockaddr *>(&at), sizeof at) == 0;
  umask(old);
  if (!bound || listen(fd.get(), kBacklog) != 0) return fail_errno(path);
  return std::move(fd);
}

Result<Fd> connect_seqpacket(const std::string &path) {
  auto [fd, at] = TRY(seqpacket_at(path, 0));
  if (connect(fd.get(), reinterpret_cast<const sockaddr *>(&at), sizeof at) != 0) return fail_errno(path);
  return std::move(fd);
}

Status send_message(int socket, std::string_view bytes, std::span<const int> fds, int flags) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxMessageFds)] = {};
  iovec part{.iov_base = const_cast<char *>(bytes.data()), .iov_len = bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fds.size() > kMaxMessageFds) return fail(ErrorKind::Malformed, "too many descriptors in a message");
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  while (sendmsg(socket, &message, flags | MSG_NOSIGNAL) < 0)
    if (errno != EINTR) return fail_errno("send");
  return {};
}

static void take_fds(msghdr &message, std::vector<Fd> &fds) {
  for (cmsghdr *header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd = -1;
      memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      fds.emplace_back(fd);
    }
  }
}

static Result<size_t> receive(int socket, msghdr &message, int flags) {
  ssize_t n = 0;
  do n = recvmsg(socket, &message, flags);
  while (n < 0 && errno == EINTR);
  if (n < 0) return fail_errno("receive");
  return static_cast<size_t>(n);
}

// Of the next packet, which stays. Without room for control messages only MSG_CTRUNC tells of descriptors, and none is
// installed.
static Result<Head> peek(int socket, int flags) {
  msghdr message{};
  const size_t size = TRY(receive(socket, message, flags | MSG_PEEK | MSG_TRUNC));
  return Head{.size = size, .has_fds = (message.msg_flags & MSG_CTRUNC) != 0};
}

// `size` as peeked: a buffer of `max` would be cleared, and mapped, for each small message.
static Status receive_into(std::string &bytes, size_t size, int socket, std::span<char> control, std::vector<Fd> *fds,
                           int flags) {
  bytes.resize(size);
  iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const size_t n = TRY(receive(socket, message, flags | MSG_CMSG_CLOEXEC));
  if (fds != nullptr) take_fds(message, *fds);
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return fail(ErrorKind::Malformed, "message too long or with too many descriptors");
  bytes.resize(n);
  return {};
}

Result<Message> receive_message(int socket, size_t max, int flags) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxMessageFds)];
  const auto head = TRY(peek(socket, flags));
  Message got;
  TRY(receive_into(got.bytes, std::min(max, head.size), socket, control, &got.fds, flags));
  return got;
}

Result<std::string> receive_bytes(int socket, size_t max, int flags) {
  const auto head = TRY(peek(socket, flags));
  if (head.has_fds) return fail(ErrorKind::Denied, "descriptors are attached, and none are taken here");
  std::string bytes;
  TRY(receive_into(bytes, std::min(max, head.size), socket, {}, nullptr, flags));
  return bytes;
}

#ifndef SO_PASSRIGHTS
constexpr int SO_PASSRIGHTS = 83; // Linux 6.16
#endif

void refuse_descriptors(int socket) {
  const int passes = 0;
  (void)setsockopt(socket, SOL_SOCKET, SO_PASSRIGHTS, &passes, sizeof passes);
}

// What is released at a process's own end waits for no peer (inet_release: PF_EXITING), and it alone would wait.
[[noreturn]] static void hold_until_closed(int socket, int parents) {
  const auto [low, high] = std::minmax(socket, parents);
  if (low > 0) close_range(0, static_cast<unsigned>(low) - 1, 0);
  if (low + 1 < high) close_range(static_cast<unsigned>(low) + 1, static_cast<unsigned>(high) - 1, 0);
  close_range(static_cast<unsigned>(high) + 1, ~0U, 0);
  char none = 0;
  while (read(parents, &none, 1) < 0 && errno == EINTR) {
  }
  _exit(0);
}

void close_untrusted(Fd socket) {
  int passes = 1;
  socklen_t size = sizeof passes;
  if (!socket || (getsockopt(socket.get(), SOL_SOCKET, SO_PASSRIGHTS, &passes, &size) == 0 && passes == 0)) return;
  const auto ours = make_pipe(); // closed after the socket
  // A child of the parent's: here it might be taken for one of those that are waited for.
  const long child = ours ? syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr) : -1;
  if (child == 0) hold_until_closed(socket.get(), ours->read.get());
  socket.reset();
}

} // namespace jails::sys
