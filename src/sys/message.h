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

// Sends one packet; blocking unless the socket is not, or flags has MSG_DONTWAIT. EPIPE never raises a signal.
Status send_message(int socket, std::string_view bytes, std::span<const int> fds = {}, int flags = 0);

struct Message {
  std::string bytes; // empty: the peer closed
  std::vector<Fd> fds;
};

// Receives one packet of at most max bytes. Malformed: truncated data or more descriptors than kMaxMessageFds (those
// that arrived are closed). System with EAGAIN: nothing there (flags MSG_DONTWAIT or a non-blocking socket).
Result<Message> receive_message(int socket, size_t max, int flags = 0);

// From somebody who is not trusted and has no descriptors to send. Who closes the last copy of one may wait as long as
// its sender likes (a TCP socket with SO_LINGER, a file of FUSE), so none of his may become ours: here or in the queue.
//
// As receive_message; Denied: descriptors are attached, and the message is still there, for close_untrusted().
Result<std::string> receive_bytes(int socket, size_t max, int flags = 0);
// From here on the kernel refuses who sends descriptors here, with EPERM (SO_PASSRIGHTS, Linux 6.16; older: nothing is
// done). Of a listener: for who connects from here on.
void refuse_descriptors(int socket);
// Closes the socket. Where the kernel let descriptors lie unread in it, another process does it, a child of our parent.
void close_untrusted(Fd socket);

} // namespace jails::sys
