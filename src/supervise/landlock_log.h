// What Landlock refuses to one jail, from the host's audit log into the ledger. Only for a jail with landlock =
// "audit"; it reads the kernel's multicast group beside auditd, and takes nothing away from that.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "denial/audit_record.h"
#include "model/ids.h"
#include "secmodel/ledger.h"
#include "supervise/event_loop.h"
#include "supervise/state.h"
#include "supervise/throttle.h"

#include <functional>
#include <memory>

namespace jails::supervise {

class LandlockLog {
public:
  // Before the domain is made: its first record says who made it. Records wait in the socket until watch().
  // Unsupported: the kernel has no such records; Denied: the host panics when audit records are lost (auditctl -f 2),
  // and a jail could bring that about.
  static Result<std::unique_ptr<LandlockLog>> open(Ledger ledger, Jid jid);
  // In place of a program that watched before.
  static std::unique_ptr<LandlockLog> adopt(Ledger ledger, Jid jid, const LandlockState &state);
  LandlockLog(const LandlockLog &) = delete;
  LandlockLog &operator=(const LandlockLog &) = delete;

  // anchor: who made the domain. on_denial is called after each denial has been entered.
  Status watch(EventLoop &loop, pid_t anchor, std::function<void()> on_denial);
  [[nodiscard]] LandlockState save() const;

private:
  LandlockLog(Ledger ledger, Jid jid, Fd socket) : ledger_(std::move(ledger)), jid_(jid), socket_(std::move(socket)) {}
  Status choose(); // what the kernel hands over, by what is known of the domain
  void read_record(bool count);
  void enter(const denial::LandlockRecords::Refused &refused);
  void count_gaps();

  Ledger ledger_;
  Jid jid_;
  Fd socket_;
  denial::LandlockRecords::State known_;
  std::unique_ptr<denial::LandlockRecords> records_;
  std::function<void()> on_denial_;
  uint32_t dropped_ = 0;               // by the kernel for want of room in the socket, as last seen
  std::unique_ptr<Throttle> throttle_; // of socket_: goes before it
};

} // namespace jails::supervise
