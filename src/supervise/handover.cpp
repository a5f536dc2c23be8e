#include "supervise/handover.h"

#include "supervise/wire.h"
#include "sys/call.h"
#include "sys/file.h"
#include "sys/message.h"

#include <cerrno>
#include <fmt/format.h>
#include <unistd.h>

namespace jails::supervise {

static constexpr std::string_view kStart = "supervisor-start";

std::string supervisor_title(const JailName &name, Jid jid) {
  return fmt::format("jailctl: jailctl supervise jail={} jid={}", name.str(), jid);
}

Result<Fd> make_handover(const Instance &instance, Jid jid, const Spec &spec) {
  PartsWriter out;
  out.put("instance", [&](Writer &part) { part.text(instance.name()); });
  out.put("jid", [&](Writer &part) { part.number(jid); });
  out.put("spec", [&](Writer &part) { part.text(encode(spec)); });
  return sys::sealed_memfd("jail-handover", out.bytes(kStart));
}

static Result<Setup> setup_of(std::string_view bytes) {
  PartsReader in(kStart, bytes);
  std::string instance;
  std::string spec;
  Jid jid = 0;
  in.take("instance", [&](Reader &part) { instance = part.text(); });
  in.take("jid", [&](Reader &part) { jid = part.number(); });
  in.take("spec", [&](Reader &part) { spec = part.text(); });
  if (!in.ok() || !in.unknown().empty()) return fail(ErrorKind::Malformed, "malformed orders");
  return Setup{TRY(Instance::named(instance)), TRY(decode_spec(spec)), jid};
}

Result<Orders> receive_handover(int fd) {
  if (lseek(fd, 0, SEEK_SET) != 0) return fail_errno("orders");
  const std::string bytes = TRY_IN("orders", sys::read_all(fd, kMaxState));
  const auto kind = Reader(bytes).view();
  Orders orders;
  if (kind == kStateToCheck)
    orders.check = TRY(decode_state(bytes, kind));
  else if (kind == kStateToGoOn)
    orders.go_on = TRY(decode_state(bytes, kind));
  else
    orders.start = TRY(setup_of(bytes));
  return orders;
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
  if (message.bytes.empty()) return fail(ErrorKind::System, std::string(who) + " died", EINTR);
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
