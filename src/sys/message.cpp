#include "sys/message.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace jails::sys {

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

Status send_message(int socket, std::string_view bytes, std::span<const int> fds) {
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
  while (sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
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

Result<Message> receive_message(int socket, size_t max, int flags) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxMessageFds)];
  Message got;
  // The packet's size first: a buffer of `max` would be cleared, and mapped, for each small message.
  ssize_t size = 0;
  do size = recv(socket, nullptr, 0, flags | MSG_PEEK | MSG_TRUNC);
  while (size < 0 && errno == EINTR);
  if (size < 0) return fail_errno("receive");
  got.bytes.resize(std::min(max, static_cast<size_t>(size)));
  iovec part{.iov_base = got.bytes.data(), .iov_len = got.bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n = 0;
  do n = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n < 0) return fail_errno("receive");
  take_fds(message, got.fds);
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return fail(ErrorKind::Malformed, "message too long or with too many descriptors");
  got.bytes.resize(static_cast<size_t>(n));
  return got;
}

} // namespace jails::sys
