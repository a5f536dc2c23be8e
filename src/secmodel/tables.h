// The tables of secmodel_jail: which jails exist and what they own. They live in the kernel (maps pinned below the
// instance's bpffs directory) and are the truth; this class reads and changes them.
//
// Locking: functions that change something are for a caller that holds the instance's lock (an exclusive flock); they
// are not const for that reason. Readers need no lock.
//
// Crash safety: the row in "jails" is the truth. It is the last thing that create_jail() writes and the first that
// destroy() removes; everything else is derived from it or is cleared because its jid has no row. A change that was cut
// off (SIGKILL between two system calls) leaves a mark, and the next change repairs first by itself.
#pragma once

#include "base/error.h"
#include "model/ids.h"
#include "model/instance.h"
#include "model/net.h"
#include "model/port.h"
#include "secmodel/bpf.h"

#include "abi/denials.h"
#include "abi/secmodel_jail.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace jails {

// A registered jail, as read.
struct JailRow {
  Jid jid = 0;
  std::string name; // was a JailName when it was created
  std::string root;
  Profile profile = Profile::High;
  std::vector<PortReservation> ports;
  NetSpec net;
  uint64_t cgroup_id = 0;  // of the jail's v2 cgroup; 0 until bind_cgroup()
  uint64_t created_ns = 0; // CLOCK_BOOTTIME
  pid_t anchor = 0;        // 0: none runs
  pid_t supervisor = 0;    // 0: none runs
  uint64_t restarts = 0;   // of its command, since it was registered
  uint64_t oom_kills = 0;  // in cgroups that it had before the one it has now
  uint64_t files = 0;      // limit of open files in force; 0: none
};

// How often each rule refused something to a jail (or to the host, jid 0), since it was created.
struct Denials {
  std::array<uint64_t, SJ_RULES> count{}; // by enum sj_rule
  [[nodiscard]] uint64_t of(sj_rule rule) const { return count[rule]; }
};

class Tables {
public:
  // NotFound "secmodel_jail is not loaded: run 'jailmgr bootstrap'"; Unsupported when the loaded model has another
  // SJ_ABI_VERSION; Denied without CAP_BPF.
  static Result<Tables> open(const Instance &instance);

  // Registers a jail, no process. root: absolute, at most SJ_ROOT_MAX bytes. Errors, before anything is changed:
  // Exists   "jail NAME exists already (jid N)", "port tcp/8080 is reserved by jail NAME"
  // Usage    root too long, more than SJ_PORTS_MAX ports, two that overlap
  // System   SJ_JAILS_MAX jails exist, a port with SJ_CLAIMS_MAX claims, no jid left (EOVERFLOW)
  // net is one that check_net() accepts. A failure on the way is undone. The ports are added to
  // net.ipv4.ip_local_reserved_ports where they are absent: call it in the host's network namespace (Usage otherwise).
  Result<Jid> create_jail(const JailName &name, std::string_view root, Profile profile,
                          std::span<const PortReservation> ports, const NetSpec &net = {});

  // From now on members of the v2 cgroup `cgroup_id` (and of cgroups below it) are members of the jail. The cgroup is a
  // direct child of parent_cgroup(). NotFound: no such jail.
  Status bind_cgroup(Jid jid, uint64_t cgroup_id);
  Status set_anchor(Jid jid, pid_t pid);     // 0: none. NotFound: no such jail
  Status set_supervisor(Jid jid, pid_t pid); // 0: none. NotFound: no such jail

  // What only its supervisor sees; kept in the row, so that whoever counts asks nobody. NotFound: no such jail
  Status count_restart(Jid jid);
  Status add_oom_kills(Jid jid, uint64_t kills);

  // While it is quiet, what tasks of the jail are refused is neither counted nor entered in the ledger: for the time in
  // which its anchor, or `jailctl verify`, tries the guards. bind_cgroup() ends it. NotFound: no such jail, or no
  // cgroup.
  Status set_quiet(Jid jid, bool quiet);

  // How many files the jail may have open, until bind_cgroup(); 0: any number. What is open already is not counted.
  // Without has_second_line() nobody counts. NotFound: no such jail, or no cgroup.
  Status set_files(Jid jid, uint64_t files);

  // Unregisters. Processes are not looked at: that no member is left is the caller's to know. NotFound: no such jail.
  Status destroy(Jid jid);

  // Makes the tables agree with the rows of "jails" again; returns what was wrong, a line each. Idempotent.
  Result<std::vector<std::string>> repair();

  [[nodiscard]] Result<JailRow> lookup(Jid jid) const; // NotFound "there is no jail with jid N"
  // Digits are a jid, anything else is a name. NotFound "there is no jail NAME".
  [[nodiscard]] Result<JailRow> find(std::string_view name_or_jid) const;
  // One coherent snapshot (read again while a change is under way), sorted by jid.
  [[nodiscard]] Result<std::vector<JailRow>> list() const;
  [[nodiscard]] Result<Denials> denials(Jid jid) const; // NotFound: no such jail; jid 0 is the host
  // What its supervisor learned from the host's audit records; all 0 where it did not ask for them.
  [[nodiscard]] Result<sj_denied_landlock> landlock_denials(Jid jid) const;

  // Are the BPF LSM programs loaded? As of open().
  [[nodiscard]] bool has_second_line() const { return settings_.second_line != 0; }
  struct OpenFiles {
    uint64_t now = 0, peak = 0;
  };
  [[nodiscard]] Result<OpenFiles> open_files(Jid jid) const; // of a jail with a limit; NotFound: no such jail
  struct Bytes {
    uint64_t in = 0, out = 0; // of IP packets, since it was registered
  };
  [[nodiscard]] Result<Bytes> traffic(Jid jid) const; // NotFound: no such jail

  // Is every program that guards jails attached where it was put? Unsupported, naming the first that is not. Two calls
  // of bpf(2) for each, so it is asked at every start.
  [[nodiscard]] Status check_guards() const;

  [[nodiscard]] uint64_t parent_cgroup() const { return settings_.parent_cgroup; } // v2 cgroup id, as of open()

private:
  friend class Telemetry;
  Tables() = default;

  using Stored = std::pair<Jid, sj_jail>; // a row as it lies in the kernel

  static Denials denials_of(const sj_denied &row, uint64_t calls);
  static void add_landlock(Denials &to, const sj_denied_landlock &row);
  [[nodiscard]] Result<sj_settings> settings() const;
  [[nodiscard]] Result<std::vector<Stored>> coherent() const;
  [[nodiscard]] Result<sj_jail> stored(Jid jid) const;

  Status ready();             // reads the settings anew; repairs when a change was cut off
  Status begin();             // marks a change as under way
  Status end();               // takes the mark away
  Status abandon(Status why); // a change failed on the way: repairs, returns `why`
  Result<std::vector<std::string>> repair_rows();
  Status repair_members(const std::vector<Stored> &jails, std::vector<std::string> &done);
  Status repair_counters(const std::vector<Stored> &jails, std::vector<std::string> &done);
  Status repair_ledger(const std::vector<Stored> &jails, std::vector<std::string> &done);

  // ports.cpp
  Status claim(Jid jid, std::span<sj_port> ports); // fills in sysctl_added
  Status release(Jid jid, std::span<const sj_port> ports);
  Status mark_reserved(uint32_t port, bool reserved);
  Status repair_ports(const std::vector<Stored> &jails, std::vector<std::string> &done);
  Status repair_bitmap(const std::vector<Stored> &jails, std::vector<std::string> &done);
  [[nodiscard]] Status check_netns() const;

  // grants.cpp
  Status permit(Jid jid, const sj_jail &row);
  Status forbid(Jid jid, const sj_jail &row);
  Status repair_grants(const std::vector<Stored> &jails, std::vector<std::string> &done);

  bpf::Map<uint32_t, sj_jail> jails_;
  bpf::Map<uint64_t, sj_member> members_;
  bpf::Map<uint32_t, sj_port_row> ports_;
  bpf::Map<uint32_t, uint64_t> reserved_;
  bpf::Map<uint32_t, sj_settings> settings_map_;
  bpf::Map<uint32_t, sj_denied> denied_;
  bpf::Map<sj_grant_key, uint32_t> grants_;
  bpf::Map<uint32_t, uint64_t> denied_calls_;
  bpf::Map<uint32_t, sj_denied_landlock> denied_landlock_;
  bpf::Map<sj_ledger_key, sj_ledger_row> ledger_;
  bpf::PerCpuMap<uint32_t, sj_cpu> cpu_;
  bpf::PerCpuMap<uint32_t, sj_running> running_;
  std::string links_;      // directory of the pinned links
  sj_settings settings_{}; // as of open() or the last change
};

} // namespace jails
