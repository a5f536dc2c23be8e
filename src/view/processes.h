// The processes of jails, as `jailctl ps` and `jailctl top` show them.
#pragma once

#include "base/error.h"
#include "model/instance.h"
#include "secmodel/tables.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace jails::view {

enum class Role : uint8_t { Member, Anchor, Supervisor };
std::string_view to_string(Role role);

struct Process {
  Jid jid = 0;
  std::string jail;
  Role role = Role::Member;
  pid_t pid = 0, ppid = 0;
  uint32_t uid = 0;       // effective
  std::string user;       // by the host's passwd(5), printable; empty: it has no such user
  std::string state, tty; // as ps(1) has them; tty empty: none
  uint64_t cpu_ticks = 0; // 1/100 s, user and system
  uint64_t rss_bytes = 0; // resident
  uint32_t threads = 0;
  std::string command; // printable; at most 4096 bytes of it are read
  unsigned depth = 0;  // in the tree of its jail
};

// By jail in the order of `rows`, each jail's as a tree: a parent before its children, those by number. The supervisor
// is none of the jail's, and the root of its tree. Zombies are there too; what ends meanwhile is left out.
Result<std::vector<Process>> processes_of(const Instance &instance, std::span<const JailRow> rows);

// The order above for the processes of one jail, with depths; pure. What has no parent among them is at depth 0.
void sort_as_tree(std::vector<Process> &processes);

} // namespace jails::view
