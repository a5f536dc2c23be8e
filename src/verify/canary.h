// What on the host shows whether an act reached it. Return values come from inside the jail, whose root may forge them;
// these are looked at from outside.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <array>
#include <map>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <vector>

namespace jails::verify {

constexpr uint32_t kUser = 1000; // the unprivileged identity, of probes and canaries alike

// What an act could have changed of a process, by name: "nice", "limits", "pending signals", ...
using ProcessState = std::map<std::string, std::string>;
ProcessState state_of(pid_t pid);
// "pending signals, nice"; empty: nothing. What came and went of its own accord (running, sleeping) does not count.
std::string differences(const ProcessState &before, const ProcessState &after);

// A process of the host that waits, with every signal blocked: what is sent to it stays pending, where it is seen at
// once. It ends with its maker.
class Canary {
public:
  static Result<Canary> start(uint32_t uid);
  Canary(Canary &&other) noexcept : pid_(std::exchange(other.pid_, 0)), page_(std::exchange(other.page_, nullptr)) {}
  Canary &operator=(Canary &&) = delete;
  ~Canary();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // A word of its memory, at the same address here, and its value.
  [[nodiscard]] uint64_t address() const;
  [[nodiscard]] bool word_intact() const;

private:
  struct Page;
  Canary(pid_t pid, Page *page) : pid_(pid), page_(page) {}
  pid_t pid_ = 0;
  Page *page_ = nullptr;
};

struct AbstractAddress {
  sockaddr_un at{};
  socklen_t size = 0;
};
AbstractAddress abstract_address(std::string_view name);

// Abstract UNIX sockets of this process: stream, seqpacket, dgram.
class AbstractSockets {
public:
  static Result<AbstractSockets> open();
  struct Socket {
    Fd fd;
    std::string name; // without the NUL before it
    int type;
  };
  [[nodiscard]] const std::vector<Socket> &sockets() const { return sockets_; }
  // Connections and datagrams since the last call.
  size_t arrived();

private:
  std::vector<Socket> sockets_;
};

} // namespace jails::verify
