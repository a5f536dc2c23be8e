// Serves the calls that a jail's filter refuses: enters each in the ledger and answers with its errno, or makes it in
// the caller's name (proxy.h).
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "model/ids.h"
#include "model/permissions.h"
#include "secmodel/ledger.h"
#include "supervise/event_loop.h"
#include "supervise/proxy.h"

#include <functional>
#include <memory>

namespace jails::supervise {

class Notifier {
public:
  struct Jail {
    Jid jid;
    Profile profile;
    PermissionSet permissions; // in force
    pid_t anchor;
    int listener; // stays the caller's, and open for as long as this lives
  };
  // on_denial is called after each denial has been entered.
  static Result<std::unique_ptr<Notifier>> start(EventLoop &loop, Ledger ledger, const Jail &jail,
                                                 std::function<void()> on_denial);
  Notifier(const Notifier &) = delete;
  Notifier &operator=(const Notifier &) = delete;
  ~Notifier();

private:
  Notifier(EventLoop &loop, Ledger ledger, const Jail &jail, Fd pause, std::function<void()> on_denial)
      : loop_(loop), ledger_(std::move(ledger)), jail_(jail), proxy_(jail.profile, jail.anchor),
        pause_(std::move(pause)), on_denial_(std::move(on_denial)) {}
  Status listen();
  void on_events(uint32_t events);
  void pause_for(uint64_t ms); // less than a second
  void on_pause_over();
  void serve(const launch::Call &call);
  void deny(const launch::Call &call, const ThreadFacts &caller);

  EventLoop &loop_;
  Ledger ledger_;
  Jail jail_;
  Proxy proxy_;
  Fd pause_; // timer
  std::function<void()> on_denial_;
  uint64_t slice_began_ms_ = 0;
  unsigned answered_ = 0; // in this slice
};

} // namespace jails::supervise
