// Starting and stopping one configured jail.
#pragma once

#include "base/error.h"
#include "jail/control.h"
#include "jail/registry.h"
#include "jailmgr/store.h"
#include "journal/event.h"

#include <optional>
#include <string>
#include <vector>

namespace jailmgr {

enum class With {
  Command, // what the configuration says
  Nothing, // an idle jail, for scripts
};

// Registers the jail if it is not, and starts its supervisor. A failure leaves what was there before. True when the
// jail was registered here.
jails::Result<bool> bring_up(const jails::Instance &instance, const Store &store, const jails::JailName &name,
                             With with, const jails::NameLock &lock);

// Starts a jail's command: from nothing, or in place of an idle supervisor. Busy: it runs, or it is up for scripts that
// have processes there.
jails::Status start_jail(const jails::Instance &instance, const Store &store, const jails::JailName &name);

// Waits until a jail that was just started is ready; one that does not become so is stopped again.
jails::Status make_ready(const jails::Instance &instance, const Store &store, const jails::JailName &name);

// Stops what runs of it and unregisters it. NotFound "jail web is not running".
jails::Status stop_jail(const jails::Instance &instance, const jails::JailName &name);
jails::Status take_down(const jails::Instance &instance, const jails::JailRow &row, const jails::NameLock &lock);

// "running", "idle", "waiting", "starting", "stopping"; "ended": registered, its command is not restarted; "failed": it
// ended too often, or its supervisor was killed; "stopped": not registered. What is not running has no supervisor.
struct State {
  std::string word = "stopped";
  std::optional<jails::JailRow> row;
  std::optional<jails::journal::Event> end; // of one that ended or failed
  jails::supervise::SupervisorStatus supervisor;
  [[nodiscard]] bool up() const { return supervisor.supervisor != 0; }
};
// Without patience one whose supervisor does not listen is "starting" or "stopping" as the tables have it.
jails::Result<State> state_of(const jails::Instance &instance, const jails::JailName &name,
                              jails::Patience patience = jails::Patience::Settle);

// For what needs a jail's directory to itself. NotFound: it is not made. Busy: it runs, something is mounted below its
// directory, or another jail is registered with a root there.
jails::Result<State> require_at_rest(const jails::Instance &instance, const Store &store, const jails::JailName &name);

// The locks of several names, in the one order in which they are taken.
jails::Result<std::vector<jails::NameLock>> lock_names(const jails::Instance &instance,
                                                       std::vector<jails::JailName> names);

} // namespace jailmgr
