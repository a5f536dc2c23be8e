// Errors as values. Each layer adds its noun with context(); only a program's main prints.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace jails {

// What a caller may branch on. Kinds are never merged: "gone" is not "denied" is not "malformed".
enum class ErrorKind {
  Usage,       // the person's input is wrong: exit status 2
  Malformed,   // data (a file, a message, a kernel text) does not have its form
  NotFound,    // the named thing does not exist
  Exists,      // the name or port is taken
  Busy,        // in use: members, mounts, a lock
  Denied,      // the caller may not (EPERM, EACCES)
  Unsupported, // this kernel or file system cannot do it
  System,      // any other system call failure, errno kept
};

class Error {
public:
  Error(ErrorKind kind, std::string text, int sys_errno = 0)
      : kind_(kind), sys_errno_(sys_errno), text_(std::move(text)) {}

  // From errno: "TEXT: strerror", kind chosen from the number (ENOENT NotFound, EPERM/EACCES Denied, ...).
  static Error system(std::string_view text, int sys_errno);

  [[nodiscard]] ErrorKind kind() const { return kind_; }
  [[nodiscard]] int sys_errno() const { return sys_errno_; } // 0 when no system call was involved
  [[nodiscard]] const std::string &text() const { return text_; }

  // Prepends "NOUN: ".
  Error context(std::string_view noun) &&;

private:
  ErrorKind kind_;
  int sys_errno_;
  std::string text_;
};

template <class T> using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string text, int sys_errno = 0) {
  return std::unexpected(Error(kind, std::move(text), sys_errno));
}
// Reads errno: call it first after the failed call.
std::unexpected<Error> fail_errno(std::string_view text);
std::unexpected<Error> fail_errno(std::string_view text, int sys_errno);

namespace detail {
template <class T> T take(Result<T> &&r) { return std::move(*r); }
inline void take(Status &&) {}
} // namespace detail

} // namespace jails

// Value of a Result, or return its error from the enclosing function. (A GNU statement expression: g++ and clang. The
// counter gives nested uses names of their own.)
#define TRY(expr) JAILS_TRY_1(__COUNTER__, expr)
// The same, with "NOUN: " put before the error's text.
#define TRY_IN(noun, expr) JAILS_TRY_IN_1(__COUNTER__, noun, expr)

#define JAILS_CAT(a, b) a##b
#define JAILS_TRY_1(n, expr) JAILS_TRY_2(JAILS_CAT(try_result_, n), expr)
#define JAILS_TRY_2(name, expr)                                                                                        \
  ({                                                                                                                   \
    auto name = (expr);                                                                                                \
    if (!name) return std::unexpected(std::move(name).error());                                                        \
    ::jails::detail::take(std::move(name));                                                                            \
  })
#define JAILS_TRY_IN_1(n, noun, expr) JAILS_TRY_IN_2(JAILS_CAT(try_result_, n), noun, expr)
#define JAILS_TRY_IN_2(name, noun, expr)                                                                               \
  ({                                                                                                                   \
    auto name = (expr);                                                                                                \
    if (!name) return std::unexpected(std::move(name).error().context(noun));                                          \
    ::jails::detail::take(std::move(name));                                                                            \
  })
