#include "secmodel/port_sysctl.h"

#include "base/fd.h"
#include "base/text.h"

#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace jails {

static constexpr char kPath[] = "/proc/sys/net/ipv4/ip_local_reserved_ports";

Result<PortSet> parse_port_ranges(std::string_view text) {
  PortSet ports;
  text = trim(text);
  if (text.empty()) return ports;
  for (const std::string_view range : split(text, ',')) {
    const size_t dash = range.find('-');
    const auto first = parse_int<uint16_t>(range.substr(0, dash));
    const auto last = dash == range.npos ? first : parse_int<uint16_t>(range.substr(dash + 1));
    if (!first || !last || *first > *last)
      return fail(ErrorKind::Malformed, std::string(kPath) + ": '" + printable(range) + "' is no range of ports");
    for (size_t port = *first; port <= *last; port++) ports.set(port);
  }
  return ports;
}

std::string format_port_ranges(const PortSet &ports) {
  std::string text;
  for (size_t first = ports._Find_first(); first < ports.size();) {
    size_t last = first;
    while (last + 1 < ports.size() && ports.test(last + 1)) last++;
    if (!text.empty()) text += ',';
    text += std::to_string(first);
    if (last != first) text.append("-").append(std::to_string(last));
    first = ports._Find_next(last);
  }
  return text;
}

Fd lock_reserved_ports() {
  // Not the file itself: everybody, jails included, may open that one and lock it. bpffs is root's.
  Fd dir(open("/sys/fs/bpf", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 1'000'000};
  for (int i = 0; dir && i < 50; i++) {
    if (flock(dir.get(), LOCK_EX | LOCK_NB) == 0) return dir;
    nanosleep(&kPause, nullptr);
  }
  return {};
}

Result<PortSet> read_reserved_ports() {
  const Fd file(open(kPath, O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno(kPath);
  constexpr size_t kLongest = size_t{65536} * 6;
  // The kernel gives the whole text to the first read or cuts it: a full buffer is tried again with room for the
  // longest.
  std::string text(4096, '\0');
  while (true) {
    const ssize_t got = pread(file.get(), text.data(), text.size(), 0);
    if (got < 0) return fail_errno(kPath);
    if (static_cast<size_t>(got) < text.size()) return parse_port_ranges(std::string_view(text.data(), got));
    if (text.size() > kLongest) return fail(ErrorKind::Malformed, std::string(kPath) + ": too long");
    text.resize(kLongest + 1);
  }
}

Status write_reserved_ports(const PortSet &ports) {
  const Fd file(open(kPath, O_WRONLY | O_CLOEXEC));
  if (!file) return fail_errno(kPath);
  const std::string text = format_port_ranges(ports) + "\n";
  // At most a page is taken at a time; what follows the first write is added to it, not put in its place.
  for (size_t done = 0; done < text.size();) {
    const ssize_t put = write(file.get(), text.data() + done, text.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_errno(kPath);
    done += static_cast<size_t>(put);
  }
  return {};
}

} // namespace jails
