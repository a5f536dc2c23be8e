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
#include "supervise/throttle.h"

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
  struct Hooks {
    std::function<void()> on_denial;         // after each one that has been entered
    std::function<bool(pid_t sid)> is_probe; // of a session whose denials are not entered
  };
  static Result<std::unique_ptr<Notifier>> start(EventLoop &loop, Ledger ledger, const Jail &jail, Hooks hooks);
  Notifier(const Notifier &) = delete;
  Notifier &operator=(const Notifier &) = delete;

private:
  Notifier(Ledger ledger, const Jail &jail, Hooks hooks)
      : ledger_(std::move(ledger)), jail_(jail), proxy_(jail.profile, jail.anchor), hooks_(std::move(hooks)) {}
  void serve(const launch::Call &call);
  void deny(const launch::Call &call, const ThreadFacts &caller);

  Ledger ledger_;
  Jail jail_;
  Proxy proxy_;
  Hooks hooks_;
  std::unique_ptr<Throttle> throttle_;
};

} // namespace jails::supervise
