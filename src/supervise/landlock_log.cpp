#include "supervise/landlock_log.h"

#include "denial/audit_filter.h"
#include "denial/audit_state.h"

#include <algorithm>
#include <cerrno>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

namespace jails::supervise {
namespace {

// A refused act is two records; 3200 acts a second are more than the default queue of the kernel lets through.
constexpr unsigned kRecordsInASlice = 64;

void may_fail(const Status & /*done*/) {} // a full table, no memory: it was refused all the same

} // namespace

Result<std::unique_ptr<LandlockLog>> LandlockLog::open(Ledger ledger, Jid jid) {
  TRY(denial::may_tell(denial::audit_state(), denial::landlock_has_records()));
  Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT));
  if (!socket) return fail_errno("audit socket");
  std::unique_ptr<LandlockLog> self(new LandlockLog(std::move(ledger), jid, std::move(socket)));
  TRY(self->choose());
  // Instead of errors in between, the kernel's own count of what it dropped.
  const int yes = 1;
  if (setsockopt(self->socket_.get(), SOL_NETLINK, NETLINK_NO_ENOBUFS, &yes, sizeof yes) != 0)
    return fail_errno("audit socket");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1U << (AUDIT_NLGRP_READLOG - 1U);
  if (bind(self->socket_.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
    return fail_errno("records of the audit log");
  return self;
}

std::unique_ptr<LandlockLog> LandlockLog::adopt(Ledger ledger, Jid jid, const LandlockState &state) {
  std::unique_ptr<LandlockLog> self(new LandlockLog(std::move(ledger), jid, Fd(state.socket.fd)));
  self->known_ = {.domain = state.domain, .seen_call = state.seen_call};
  self->dropped_ = state.dropped;
  return self;
}

LandlockState LandlockLog::save() const {
  const auto &known = records_ ? records_->state() : known_;
  return {.socket = {socket_.get()}, .domain = known.domain, .seen_call = known.seen_call, .dropped = dropped_};
}

Status LandlockLog::choose() {
  auto code = denial::audit_filter(records_ ? records_->state().domain : known_.domain);
  const sock_fprog program{.len = static_cast<unsigned short>(code.size()), .filter = code.data()};
  if (setsockopt(socket_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
    return fail_errno("filter of the audit socket");
  return {};
}

Status LandlockLog::watch(EventLoop &loop, pid_t anchor, std::function<void()> on_denial) {
  records_ = std::make_unique<denial::LandlockRecords>(anchor, known_);
  on_denial_ = std::move(on_denial);
  throttle_ = TRY(Throttle::start(loop, socket_.get(), kRecordsInASlice, [this](bool first) { read_record(first); }));
  return {};
}

void LandlockLog::read_record(bool count) {
  if (count) count_gaps();
  alignas(nlmsghdr) char message[9216]; // MAX_AUDIT_MESSAGE_LENGTH and some
  sockaddr_nl from{};
  socklen_t from_size = sizeof from;
  const ssize_t size = recvfrom(socket_.get(), message, sizeof message, MSG_DONTWAIT | MSG_TRUNC,
                                reinterpret_cast<sockaddr *>(&from), &from_size);
  if (size < static_cast<ssize_t>(sizeof(nlmsghdr)) || from.nl_pid != 0) return; // from the kernel
  const auto &header = *reinterpret_cast<const nlmsghdr *>(message);
  const std::string_view text(message + sizeof header,
                              std::min(static_cast<size_t>(size), sizeof message) - sizeof header);
  const uint64_t domain = records_->state().domain;
  const auto refused = records_->take(static_cast<denial::AuditType>(header.nlmsg_type), text);
  if (records_->state().domain != domain) may_fail(choose()); // those of others are left out here, then
  if (const int64_t unclear = records_->unclear(); unclear != 0)
    may_fail(ledger_.add_gaps(jid_, 0, static_cast<uint64_t>(unclear)));
  if (refused) enter(*refused);
}

void LandlockLog::enter(const denial::LandlockRecords::Refused &refused) {
  may_fail(ledger_.add_landlock(
      jid_, refused.rule,
      {.object = refused.object, .program = refused.program, .uid = refused.uid, .pid = refused.pid}));
  on_denial_();
}

void LandlockLog::count_gaps() {
  uint32_t memory[SK_MEMINFO_VARS]{};
  socklen_t size = sizeof memory;
  if (getsockopt(socket_.get(), SOL_SOCKET, SO_MEMINFO, memory, &size) != 0) return;
  const uint32_t dropped = memory[SK_MEMINFO_DROPS];
  if (dropped == dropped_) return;
  may_fail(ledger_.add_gaps(jid_, dropped - dropped_, 0));
  dropped_ = dropped;
}

} // namespace jails::supervise
