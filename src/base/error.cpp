#include "base/error.h"

#include <cerrno>
#include <cstring>

namespace jails {

static ErrorKind kind_of(int sys_errno) {
  switch (sys_errno) {
  case ENOENT:
  case ESRCH: return ErrorKind::NotFound;
  case EEXIST: return ErrorKind::Exists;
  case EBUSY:
  case ENOTEMPTY: return ErrorKind::Busy;
  case EPERM:
  case EACCES: return ErrorKind::Denied;
  case ENOSYS:
  case EOPNOTSUPP: return ErrorKind::Unsupported;
  default: return ErrorKind::System;
  }
}

Error Error::system(std::string_view text, int sys_errno) {
  std::string full(text);
  full += ": ";
  full += strerrordesc_np(sys_errno) != nullptr ? strerrordesc_np(sys_errno) : "unknown error";
  return {kind_of(sys_errno), std::move(full), sys_errno};
}

Error Error::context(std::string_view noun) && {
  text_.insert(0, ": ");
  text_.insert(0, noun);
  return std::move(*this);
}

std::unexpected<Error> fail_errno(std::string_view text) { return fail_errno(text, errno); }

std::unexpected<Error> fail_errno(std::string_view text, int sys_errno) {
  return std::unexpected(Error::system(text, sys_errno));
}

} // namespace jails
