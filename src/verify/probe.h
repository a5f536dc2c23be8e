// A scratch process that makes system calls for us: in a running jail, or outside as the control. It holds two pipes
// and nothing else, and ends when this process does. Its answers are untrusted.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "model/ids.h"
#include "model/instance.h"
#include "verify/probe/wire.h"

#include <concepts>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <type_traits>
#include <vector>

namespace jails::verify {

// Of call(): the probe is gone or does not answer as it should. No errno.
constexpr long kLost = -100000;

class Probe {
public:
  // Through the jail's supervisor and anchor. NotFound: it is not running.
  static Result<Probe> inside(const Instance &instance, const JailName &jail, uint32_t uid);
  // On the host, as root, with nothing taken from it.
  static Result<Probe> outside();
  Probe(Probe &&other) noexcept;
  Probe &operator=(Probe &&) = delete;
  ~Probe(); // ends it

  struct Argument {
    template <class T>
      requires std::integral<T> || std::is_enum_v<T> // constants of libc's headers are enumerators
    Argument(T number) : value(static_cast<uint64_t>(static_cast<int64_t>(number))) {}
    uint64_t value;
  };
  // Makes one system call there: its result or negative errno; kLost from the first failure of the probe on.
  long call(long number, std::initializer_list<Argument> arguments = {});
  long call_words(long number, const uint64_t (&arguments)[6]);

  // Memory there for the next call's arguments, until that call has been made; addresses there.
  uint64_t text(std::string_view text); // with a NUL
  uint64_t bytes(const void *from, size_t size);
  uint64_t space(size_t size); // zeros
  template <class T> uint64_t object(const T &value) { return bytes(&value, sizeof value); }
  // What stood there after the last call.
  [[nodiscard]] const char *at(uint64_t address) const { return answer_->data + (address - base_); }
  template <class T> T read(uint64_t address) const {
    T value{};
    memcpy(&value, at(address), sizeof value);
    return value;
  }

  // Names in a directory there, as far as it can be read.
  std::vector<std::string> list(std::string_view directory);

  // What follows is done by a child, until leave(): for what changes the caller. False: it could not be made.
  bool fork();
  void leave();

  [[nodiscard]] bool lost() const { return lost_; }
  [[nodiscard]] pid_t pid() const { return pid_; } // as it says itself

private:
  Probe(Fd to, Fd from);
  Status greet();
  bool exchange(ProbeOp op);
  bool receive();

  Fd connection_; // of the jail's supervisor; invalid: a child of ours
  Fd to_, from_;
  pid_t child_ = 0;
  pid_t pid_ = 0;
  uint64_t base_ = 0;
  size_t used_ = 0;
  bool lost_ = false;
  uint64_t serial_ = 0;
  std::unique_ptr<Order> order_;
  std::unique_ptr<ProbeAnswer> answer_;
};

// In a child, for the time of the scope; false: it could not be made.
class InChild {
public:
  explicit InChild(Probe &probe) : probe_(probe), made_(probe.fork()) {}
  InChild(const InChild &) = delete;
  InChild &operator=(const InChild &) = delete;
  ~InChild() {
    if (made_) probe_.leave();
  }
  explicit operator bool() const { return made_; }

private:
  Probe &probe_;
  bool made_;
};

} // namespace jails::verify
