// The options that make up a jail, with the letters of the original: one table for `jailctl create`, `jailctl run`,
// `jailctl supervise` and `jailmgr create`.
#pragma once

#include "base/options.h"
#include "model/spec.h"

#include <vector>

namespace jails {

// -l, -r, --allow, --deny and the limits, bound to these fields; they must outlive the options.
struct JailFields {
  Profile &profile;
  Permissions &permissions;
  std::vector<PortReservation> &ports;
  Limits &limits;
};
void add_jail_options(std::vector<Option> &options, JailFields fields);

// --allow and --deny alone.
void add_permission_options(std::vector<Option> &options, Permissions &permissions);

// --limit-action 'WHEN: DO'
void add_action_option(std::vector<Option> &options, std::vector<Reaction> &reactions);

// --exec-allow 'WHO [as USER]'
void add_exec_option(std::vector<Option> &options, std::vector<ExecRule> &rules);

// --restart, --restart-limit, --restart-window.
void add_restart_options(std::vector<Option> &options, Restart &restart);

// -f -o -e -t.
void add_log_options(std::vector<Option> &options, LogSpec &log);

// --connect DESTINATION[,...], --address ADDRESS[,...]
void add_net_options(std::vector<Option> &options, NetSpec &net);

// --mount SOURCE:TARGET[:rw]
void add_mount_option(std::vector<Option> &options, std::vector<Bind> &binds);

} // namespace jails
