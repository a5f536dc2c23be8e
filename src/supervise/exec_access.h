// Which users of the host the rules of [exec] let in, and as whom of the jail. Names are looked up when they are
// needed, so a user who is renamed or removed counts as what he is then. Of files, and not of NSS: a static program
// cannot rely on its modules. Who is in no file of this host is named by number.
#pragma once

#include "base/error.h"
#include "model/exec_rule.h"
#include "supervise/peer.h"

#include <string>
#include <string_view>
#include <vector>

namespace jails::supervise {

// passwd(5) and group(5) of the host.
struct HostFiles {
  std::string passwd, group;
};
Result<HostFiles> read_host_files();

// NotFound, naming the rule: this host has no such user or group.
Status check_host_users(const std::vector<ExecRule> &rules, const HostFiles &files);
Status check_host_users(const std::vector<ExecRule> &rules); // of this host; nothing is read without rules

std::string name_of(const Peer &peer, const HostFiles &files); // "alice", or the number

// Root has no part in this, whatever the rules say.
bool is_let_in(const std::vector<ExecRule> &rules, const Peer &peer, const HostFiles &files);

// As find_user() takes it. asked: as it stands in a rule behind "as"; for a rule without, the peer's own name, uid or
// uid:gid; empty: what the first rule gives. Denied: no rule gives that; says which users they give, if any.
Result<std::string> user_in_jail(const std::vector<ExecRule> &rules, const Peer &peer, const HostFiles &files,
                                 std::string_view asked);

} // namespace jails::supervise
