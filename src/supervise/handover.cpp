#include "supervise/handover.h"

#include "supervise/wire.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/message.h"

#include <unistd.h>

namespace jails::supervise {

Result<Fd> make_handover(const Instance &instance, Jid jid, const Spec &spec) {
  Writer out;
  out.text(instance.name());
  out.number(jid);
  out.text(encode(spec));
  return sys::sealed_memfd("jail-handover", out.bytes());
}

Result<Setup> receive_handover(int fd) {
  if (lseek(fd, 0, SEEK_SET) != 0) return fail_errno("orders");
  const std::string bytes = TRY_IN("orders", sys::read_all(fd, 1U << 20U));
  Reader in(bytes);
  auto instance = TRY(Instance::named(in.text()));
  const Jid jid = in.number();
  auto spec = TRY(decode_spec(in.text()));
  if (!in.finished()) return fail(ErrorKind::Malformed, "malformed orders");
  return Setup{std::move(instance), std::move(spec), jid};
}

void report_result(int fd, const Status &status) {
  Writer out;
  out.number(status ? 1 : 0);
  out.number(status ? 0 : static_cast<uint32_t>(status.error().kind()));
  out.number(status ? 0 : static_cast<uint32_t>(status.error().sys_errno()));
  out.text(status ? "" : status.error().text());
  (void)sys::send_message(fd, out.bytes()); // nobody may be waiting any more
}

Status await_result(int fd, std::string_view who) {
  const auto message = TRY(sys::receive_message(fd, 64U << 10U));
  if (message.bytes.empty()) return fail(ErrorKind::System, std::string(who) + " died");
  Reader in(message.bytes);
  const bool good = in.number() != 0;
  const auto kind = static_cast<ErrorKind>(in.number());
  const int sys_errno = static_cast<int>(in.number());
  std::string text = in.text();
  if (!in.finished()) return fail(ErrorKind::Malformed, "malformed report of the supervisor");
  if (!good) return fail(kind, std::move(text), sys_errno);
  return {};
}

} // namespace jails::supervise
