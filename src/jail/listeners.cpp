#include "jail/listeners.h"

#include "base/text.h"
#include "sys/file.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <dirent.h>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <unistd.h>

namespace jails {
namespace {

struct Bound {
  PortReservation at;
  uint64_t inode = 0;
};

// Addresses in /proc/net/{tcp,udp}* are 32-bit words in host order, printed in hexadecimal.
std::optional<PortReservation> parse_local(std::string_view text, Proto proto) {
  const auto colon = text.find(':');
  if (colon == text.npos || (colon != 8 && colon != 32)) return std::nullopt;
  PortReservation at{.port = 0, .protos = proto, .family = static_cast<uint8_t>(colon == 8 ? 4 : 6)};
  for (size_t word = 0; word * 8 < colon; word++) {
    uint32_t value = 0;
    std::from_chars(text.data() + word * 8, text.data() + word * 8 + 8, value, 16);
    memcpy(at.addr.data() + word * 4, &value, 4);
  }
  const auto port = text.substr(colon + 1);
  std::from_chars(port.data(), port.data() + port.size(), at.port, 16);
  const bool any = std::ranges::all_of(at.addr, [](uint8_t byte) { return byte == 0; });
  if (any) at.family = 0; // the wildcard touches every address; [::] takes IPv4 as well
  constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (at.family == 6 && std::equal(std::begin(kMapped), std::end(kMapped), at.addr.begin())) {
    std::copy_n(at.addr.begin() + 12, 4, at.addr.begin());
    std::fill(at.addr.begin() + 4, at.addr.end(), 0);
    at.family = 4;
  }
  return at;
}

Status read_table(const char *path, Proto proto, std::vector<Bound> &found) {
  constexpr size_t kMax = 64U << 20U;
  auto text = sys::read_file(path, kMax);
  if (!text) return text.error().kind() == ErrorKind::NotFound ? Status{} : std::unexpected(std::move(text).error());
  for (auto line : split(*text, '\n')) {
    std::vector<std::string_view> fields;
    for (auto field : split(line, ' '))
      if (!field.empty()) fields.push_back(field);
    constexpr std::string_view kListen = "0A";
    if (fields.size() < 10 || (proto == kTcp && fields[3] != kListen)) continue;
    const auto at = parse_local(fields[1], proto);
    const auto inode = parse_int<uint64_t>(fields[9]);
    if (at && at->port != 0 && inode) found.push_back({*at, *inode});
  }
  return {};
}

// "nginx (pid 12)"; a socket that no process of this /proc holds: "a kernel socket".
std::string holder(uint64_t inode) {
  const std::string wanted = fmt::format("socket:[{}]", inode);
  const std::unique_ptr<DIR, int (*)(DIR *)> proc(opendir("/proc"), closedir);
  for (const dirent *entry = nullptr; proc && (entry = readdir(proc.get())) != nullptr;) {
    const auto pid = parse_int<int>(entry->d_name);
    if (!pid) continue;
    const std::string base = fmt::format("/proc/{}/fd", *pid);
    const std::unique_ptr<DIR, int (*)(DIR *)> fds(opendir(base.c_str()), closedir);
    for (const dirent *fd = nullptr; fds && (fd = readdir(fds.get())) != nullptr;) {
      char target[64];
      const ssize_t n = readlinkat(dirfd(fds.get()), fd->d_name, target, sizeof target);
      if (n <= 0 || std::string_view(target, static_cast<size_t>(n)) != wanted) continue;
      const auto name = sys::read_file(fmt::format("/proc/{}/comm", *pid), 256);
      return fmt::format("{} (pid {})", name ? printable(trim(*name)) : "a process", *pid);
    }
  }
  return "a kernel socket";
}

Result<std::vector<Bound>> all_bound() {
  std::vector<Bound> bound;
  TRY(read_table("/proc/net/tcp", kTcp, bound));
  TRY(read_table("/proc/net/tcp6", kTcp, bound));
  TRY(read_table("/proc/net/udp", kUdp, bound));
  TRY(read_table("/proc/net/udp6", kUdp, bound));
  return bound;
}

} // namespace

Result<bool> is_served(const PortReservation &port) {
  return std::ranges::any_of(TRY(all_bound()), [&](const Bound &other) { return overlap(port, other.at); });
}

Status check_ports_free(std::span<const PortReservation> ports) {
  if (ports.empty()) return {};
  const auto bound = TRY(all_bound());
  for (const auto &port : ports)
    for (const auto &other : bound)
      if (overlap(port, other.at))
        return fail(ErrorKind::Exists, fmt::format("port {} is in use by {}", to_string(port), holder(other.inode)));
  return {};
}

} // namespace jails
