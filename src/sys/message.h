// Messages over SOCK_SEQPACKET with file descriptors attached.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace jails::sys {

constexpr size_t kMaxMessageFds = 8;

// A listening socket at `path`, in place of what a killed process left there. mode: as chmod(2); the umask does not
// count.
Result<Fd> listen_seqpacket(const std::string &path, mode_t mode);
// System with ENOENT or ECONNREFUSED: nobody listens.
Result<Fd> connect_seqpacket(const std::string &path);

// Sends one packet; blocking unless the socket is not. EPIPE never raises a signal.
Status send_message(int socket, std::string_view bytes, std::span<const int> fds = {});

struct Message {
  std::string bytes; // empty: the peer closed
  std::vector<Fd> fds;
};

// Receives one packet of at most max bytes. Malformed: truncated data or more descriptors than kMaxMessageFds (those
// that arrived are closed). System with EAGAIN: nothing there (flags MSG_DONTWAIT or a non-blocking socket).
Result<Message> receive_message(int socket, size_t max, int flags = 0);

} // namespace jails::sys
