#include "view/sockets.h"

#include "base/text.h"
#include "sys/entries.h"
#include "view/members.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <map>
#include <set>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace jails::view {
namespace {

constexpr uint8_t kEstablished = 1, kClosed = 7, kListen = 10; // tcp_states.h, for every family

std::string_view state_name(uint8_t state) {
  constexpr std::array<std::string_view, 13> kNames{"?",          "ESTAB",     "SYN-SENT", "SYN-RECV",   "FIN-WAIT-1",
                                                    "FIN-WAIT-2", "TIME-WAIT", "UNCONN",   "CLOSE-WAIT", "LAST-ACK",
                                                    "LISTEN",     "CLOSING",   "SYN-RECV"};
  return kNames[state < kNames.size() ? state : 0];
}

std::string_view type_name(uint8_t type) {
  return type == SOCK_STREAM ? "stream" : type == SOCK_DGRAM ? "dgram" : "seqpacket";
}

std::string name_text(const std::string &name) {
  return name.starts_with('\0') ? "@" + printable(name.substr(1)) : printable(name);
}

struct HeldBy {
  size_t jail = 0; // the first of them that has it
  std::vector<Holder> holders;
};
using Holders = std::map<uint32_t, HeldBy>; // by inode of the socket

// "socket:[123]" -> 123
std::optional<uint32_t> socket_inode(std::string_view link) {
  constexpr std::string_view kStart = "socket:[";
  if (!link.starts_with(kStart) || !link.ends_with(']')) return std::nullopt;
  return parse_int<uint32_t>(link.substr(kStart.size(), link.size() - kStart.size() - 1));
}

std::set<uint32_t> open_sockets(const Held &process) {
  std::set<uint32_t> found; // once, however often it is open
  const auto entries = sys::entries_of(process.get(), "fd");
  while (const dirent *entry = entries ? readdir(entries->get()) : nullptr) {
    std::array<char, 64> link{};
    const ssize_t size = readlinkat(dirfd(entries->get()), entry->d_name, link.data(), link.size());
    if (const auto inode = size > 0 ? socket_inode({link.data(), static_cast<size_t>(size)}) : std::nullopt)
      found.insert(*inode);
  }
  return found;
}

Holders find_holders(int proc, std::span<const Members> jails) {
  Holders holders;
  for (size_t jail = 0; jail < jails.size(); jail++)
    for (const pid_t pid : jails[jail].pids) {
      const auto process = hold_member(proc, jails[jail], pid);
      if (!process) continue;
      const auto sockets = open_sockets(*process);
      if (sockets.empty()) continue;
      const std::string program = printable(trim(process->read("comm")));
      for (const uint32_t inode : sockets)
        holders.try_emplace(inode, HeldBy{.jail = jail, .holders = {}}).first->second.holders.push_back({pid, program});
    }
  return holders;
}

class Finder {
public:
  explicit Finder(std::span<const Members> jails, Holders holders) : jails_(jails), holders_(std::move(holders)) {
    for (size_t jail = 0; jail < jails.size(); jail++)
      for (const uint64_t id : jails[jail].ids) by_cgroup_.emplace(id, jail);
  }

  void add(const InetSocket &socket) {
    const auto jail = owner(socket);
    if (!jail) return;
    const auto &row = jails_[*jail].row;
    const bool datagram = socket.proto == kUdp;
    found_.emplace_back(*jail, Socket{.jid = row.jid,
                                      .jail = row.name,
                                      .proto = datagram ? "udp" : "tcp",
                                      .family = socket.family == 4 ? "ipv4" : "ipv6",
                                      .type = datagram ? "dgram" : "stream",
                                      .state = state_name(socket.state),
                                      .local = socket.local,
                                      .peer = socket.peer,
                                      .local_port = socket.local_port,
                                      .peer_port = socket.peer_port,
                                      .reserved = reserved(row, socket),
                                      .listens = socket.state == kListen ||
                                                 (datagram && socket.state == kClosed && socket.local_port != 0),
                                      .holders = holders_of(socket.inode)});
  }

  void add(std::span<const UnixSocket> sockets) {
    std::map<uint32_t, std::string> names;  // by inode
    std::map<uint32_t, std::string> called; // by who waits to be accepted: whose peer has no inode yet
    for (const auto &socket : sockets) {
      names.emplace(socket.inode, name_text(socket.name));
      for (const uint32_t caller : socket.waiting) called.emplace(caller, name_text(socket.name));
    }
    const auto name_of = [&names](uint32_t inode) {
      const auto at = names.find(inode);
      return at == names.end() ? "" : at->second;
    };
    for (const auto &socket : sockets) {
      const auto held = holders_.find(socket.inode);
      if (held == holders_.end()) continue;
      const auto call = called.find(socket.inode);
      add_unix(held->second.jail, socket, socket.state, call == called.end() ? name_of(socket.peer) : call->second,
               held->second.holders);
      // The kernel tells of those that are not accepted yet only who called.
      for (const uint32_t caller : socket.waiting)
        add_unix(held->second.jail, socket, kEstablished, name_of(caller), {});
    }
  }

  std::vector<Socket> take() {
    std::ranges::stable_sort(found_, {}, &std::pair<size_t, Socket>::first);
    std::vector<Socket> sockets;
    for (auto &[jail, socket] : found_) sockets.push_back(std::move(socket));
    return sockets;
  }

private:
  void add_unix(size_t jail, const UnixSocket &socket, uint8_t state, std::string peer, std::vector<Holder> holders) {
    const auto &row = jails_[jail].row;
    const bool named_datagram = socket.type == SOCK_DGRAM && !socket.name.empty() && state == kClosed;
    found_.emplace_back(jail, Socket{.jid = row.jid,
                                     .jail = row.name,
                                     .proto = "unix",
                                     .family = "unix",
                                     .type = type_name(socket.type),
                                     .state = state_name(state),
                                     .local = name_text(socket.name),
                                     .peer = std::move(peer),
                                     .listens = state == kListen || named_datagram,
                                     .holders = std::move(holders)});
  }
  static bool reserved(const JailRow &row, const InetSocket &socket) {
    return socket.local_port != 0 &&
           std::ranges::any_of(row.ports, [&](const auto &port) { return overlap(port, socket.bound); });
  }
  [[nodiscard]] std::optional<size_t> owner(const InetSocket &socket) const {
    if (socket.cgroup) {
      const auto at = by_cgroup_.find(*socket.cgroup);
      if (at != by_cgroup_.end()) return at->second;
    } else {
      for (size_t jail = 0; jail < jails_.size(); jail++)
        if (reserved(jails_[jail].row, socket)) return jail;
    }
    const auto held = socket.inode != 0 ? holders_.find(socket.inode) : holders_.end();
    return held == holders_.end() ? std::nullopt : std::optional(held->second.jail);
  }
  [[nodiscard]] std::vector<Holder> holders_of(uint32_t inode) const {
    const auto held = inode != 0 ? holders_.find(inode) : holders_.end();
    return held == holders_.end() ? std::vector<Holder>{} : held->second.holders;
  }

  std::span<const Members> jails_;
  Holders holders_;
  std::map<uint64_t, size_t> by_cgroup_;
  std::vector<std::pair<size_t, Socket>> found_;
};

} // namespace

Result<std::vector<Socket>> sockets_of(const Instance &instance, std::span<const JailRow> rows) {
  const auto jails = TRY(members_of(instance, rows));
  const Fd proc = TRY(open_proc());
  Finder finder(jails, find_holders(proc.get(), jails));
  for (const auto &socket : TRY(inet_sockets())) finder.add(socket);
  finder.add(TRY(unix_sockets()));
  return finder.take();
}

} // namespace jails::view
