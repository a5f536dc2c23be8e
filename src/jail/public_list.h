// What any host user may know of the jails. The tables are root's alone (and bpffs is 0700 under systemd), so whoever
// changes them writes RUN/list as well: a copy for readers without privilege, never read back by us.
#pragma once

#include "base/error.h"
#include "model/instance.h"
#include "model/spec.h"
#include "secmodel/tables.h"

#include <string>
#include <vector>

namespace jails {

struct PublicJail {
  JailRow row;             // jid, name, root, profile, ports, created_ns; the rest is not public
  uint64_t references = 0; // members, the anchor included
};

// Makes RUN, 0711: its files and directories are 0600 and 0700 but for the list.
Status make_run_dir(const Instance &instance);

// Writes the list anew; call with the instance lock held. A writer that was killed leaves the old list until the next
// change.
Status publish_list(const Instance &instance, const Tables &tables);

// After an unload.
void withdraw_list(const Instance &instance);

// For a reader without privilege; members are counted in the jails' cgroups. Empty where nothing was published since
// the machine started. Malformed: the file is not one of ours.
Result<std::vector<PublicJail>> read_public_list(const Instance &instance);

} // namespace jails
