#include "secmodel/tables.h"

#include "base/text.h"
#include "secmodel/rows.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <limits>

namespace jails {

static std::string number(uint64_t value) { return std::to_string(value); }

static std::unexpected<Error> no_jail(Jid jid) {
  return fail(ErrorKind::NotFound, "there is no jail with jid " + number(jid));
}

static uint64_t boot_time_ns() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now); // since boot, so that it cannot be set back
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

Result<Tables> Tables::open(const Instance &instance) {
  const std::string dir = instance.bpffs_dir();
  Tables tables;
  tables.links_ = dir + "/links";
  auto settings_map = bpf::Map<uint32_t, sj_settings>::open(dir, "settings");
  if (!settings_map && settings_map.error().kind() == ErrorKind::NotFound)
    return fail(ErrorKind::NotFound, "secmodel_jail is not loaded: run 'jailmgr bootstrap'");
  tables.settings_map_ = TRY(std::move(settings_map));
  tables.settings_ = TRY(tables.settings());
  if (tables.settings_.abi_version != SJ_ABI_VERSION)
    return fail(ErrorKind::Unsupported, "secmodel_jail: the loaded model has version " +
                                            number(tables.settings_.abi_version) + ", this program needs " +
                                            number(SJ_ABI_VERSION) +
                                            ": stop the jails ('jailmgr stop --all'), then run 'jailmgr bootstrap'");
  const uint32_t cpus = tables.settings_.cpus;
  tables.jails_ = {dir, "jails"};
  tables.members_ = {dir, "members"};
  tables.ports_ = {dir, "ports"};
  tables.reserved_ = {dir, "reserved"};
  tables.denied_ = {dir, "denied"};
  tables.grants_ = {dir, "grants"};
  tables.denied_calls_ = {dir, "denied_calls"};
  tables.denied_landlock_ = {dir, "denied_landlock"};
  tables.ledger_ = {dir, "ledger"};
  tables.cpu_ = {dir, "cpu", cpus};
  tables.running_ = {dir, "running", cpus};
  return tables;
}

// --- reading ---------------------------------------------------------------------------------------------------------

Result<sj_settings> Tables::settings() const {
  const auto row = TRY_IN("secmodel_jail", settings_map_.lookup(0));
  if (!row) return fail(ErrorKind::Malformed, "secmodel_jail: the settings have no row");
  return *row;
}

Result<std::vector<Tables::Stored>> Tables::coherent() const {
  constexpr int kTries = 100;
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 100'000};
  std::vector<Stored> rows;
  for (int i = 0; i < kTries; i++) {
    const uint64_t before = TRY(settings()).change;
    rows = TRY(jails_.all());
    // An odd number that stays is a change that was cut off: each row is whole all the same.
    if (before % 2 == 0 && TRY(settings()).change == before) break;
    nanosleep(&kPause, nullptr);
  }
  std::ranges::sort(rows, {}, &Stored::first);
  return rows;
}

Result<sj_jail> Tables::stored(Jid jid) const {
  const auto row = TRY(jails_.lookup(jid));
  if (!row) return no_jail(jid);
  return *row;
}

Result<JailRow> Tables::lookup(Jid jid) const { return rows::from_row(jid, TRY(stored(jid))); }

Result<JailRow> Tables::find(std::string_view name_or_jid) const {
  if (name_or_jid.find_first_not_of("0123456789") == name_or_jid.npos)
    if (const auto jid = parse_int<Jid>(name_or_jid)) return lookup(*jid);
  for (const auto &[jid, row] : TRY(coherent()))
    if (rows::name_of(row) == name_or_jid) return rows::from_row(jid, row);
  return fail(ErrorKind::NotFound, "there is no jail " + printable(name_or_jid));
}

Result<std::vector<JailRow>> Tables::list() const {
  std::vector<JailRow> jails;
  for (const auto &[jid, row] : TRY(coherent())) jails.push_back(rows::from_row(jid, row));
  return jails;
}

Result<Denials> Tables::denials(Jid jid) const {
  const auto row = TRY(denied_.lookup(jid));
  if (!row) return no_jail(jid);
  Denials denials = denials_of(*row, TRY(denied_calls_.lookup(jid)).value_or(0));
  add_landlock(denials, TRY(landlock_denials(jid)));
  return denials;
}

Result<sj_denied_landlock> Tables::landlock_denials(Jid jid) const {
  return TRY(bpf::unless_missing(denied_landlock_.lookup(jid))).value_or(sj_denied_landlock{});
}

Result<Tables::OpenFiles> Tables::open_files(Jid jid) const {
  const auto row = TRY(denied_.lookup(jid));
  if (!row) return no_jail(jid);
  return OpenFiles{.now = row->files_open, .peak = row->files_peak};
}

Result<Tables::Bytes> Tables::traffic(Jid jid) const {
  const auto by_cpu = TRY(cpu_.lookup(jid));
  if (by_cpu.empty()) return no_jail(jid);
  Bytes sum;
  for (const auto &cpu : by_cpu) {
    sum.in += cpu.in.bytes;
    sum.out += cpu.out.bytes;
  }
  return sum;
}

Denials Tables::denials_of(const sj_denied &row, uint64_t calls) {
  Denials denials;
  std::ranges::copy(row.count, denials.count.begin());
  denials.count[SJ_RULE_SYSCALL] = calls;
  return denials;
}

void Tables::add_landlock(Denials &to, const sj_denied_landlock &row) {
  to.count[SJ_RULE_SIGNAL] += row.count[SJ_LANDLOCK_SIGNAL];
  to.count[SJ_RULE_TRACE] += row.count[SJ_LANDLOCK_TRACE];
  to.count[SJ_RULE_CALL_ABSTRACT] = row.count[SJ_LANDLOCK_ABSTRACT];
  to.count[SJ_RULE_LANDLOCK] = row.count[SJ_LANDLOCK_OTHER];
}

// --- changing --------------------------------------------------------------------------------------------------------

Status Tables::ready() {
  settings_ = TRY(settings());
  if (settings_.change % 2 == 0) return {};
  TRY(repair_rows());
  return end();
}

Status Tables::begin() {
  settings_.change |= 1;
  return settings_map_.update(0, settings_);
}

Status Tables::end() {
  settings_.change = (settings_.change | 1) + 1;
  return settings_map_.update(0, settings_);
}

Status Tables::abandon(Status why) {
  const auto repaired = repair_rows();
  // If this fails too, the mark stays and the next change begins with the repair.
  if (repaired) static_cast<void>(end().has_value());
  return why;
}

// Refuses what cannot be, before anything is changed.
static Status check_new(const JailName &name, std::string_view root, std::span<const PortReservation> ports,
                        const std::vector<std::pair<Jid, sj_jail>> &jails) {
  for (const auto &[jid, row] : jails)
    if (rows::name_of(row) == name.str())
      return fail(ErrorKind::Exists, "jail " + name.str() + " exists already (jid " + number(jid) + ")");
  if (jails.size() >= SJ_JAILS_MAX)
    return fail(ErrorKind::System, number(SJ_JAILS_MAX) + " jails exist, which is the limit", ENOSPC);
  if (root.empty() || root.size() > SJ_ROOT_MAX || root.front() != '/' || root.find('\0') != root.npos)
    return fail(ErrorKind::Usage, "root '" + printable(root) + "': expected an absolute path of at most " +
                                      number(SJ_ROOT_MAX) + " bytes");
  if (ports.size() > SJ_PORTS_MAX)
    return fail(ErrorKind::Usage, "more than " + number(SJ_PORTS_MAX) + " ports for one jail");
  for (size_t i = 0; i < ports.size(); i++) {
    size_t claims = 1;
    if (ports[i].port == 0) return fail(ErrorKind::Usage, "port 0 cannot be reserved");
    for (size_t j = 0; j < i; j++) {
      if (overlap(ports[i], ports[j]))
        return fail(ErrorKind::Usage, "port " + to_string(ports[i]) + " overlaps " + to_string(ports[j]));
      claims += ports[j].port == ports[i].port;
    }
    for (const auto &[jid, row] : jails)
      for (const sj_port &taken : rows::ports_of(row)) {
        if (overlap(ports[i], rows::from_row(taken)))
          return fail(ErrorKind::Exists,
                      "port " + to_string(ports[i]) + " is reserved by jail " + printable(rows::name_of(row)));
        claims += taken.port == ports[i].port;
      }
    if (claims > SJ_CLAIMS_MAX)
      return fail(ErrorKind::System,
                  "port " + number(ports[i].port) + " has " + number(SJ_CLAIMS_MAX) + " claims, which is the limit",
                  ENOSPC);
  }
  return {};
}

Result<Jid> Tables::create_jail(const JailName &name, std::string_view root, Profile profile,
                                std::span<const PortReservation> ports, const NetSpec &net) {
  TRY(ready());
  TRY(check_net(net));
  TRY(check_new(name, root, ports, TRY(jails_.all())));
  if (!ports.empty()) TRY(check_netns());
  if (settings_.next_jid == std::numeric_limits<Jid>::max())
    return fail(ErrorKind::System, "no jid is left: unload and load secmodel_jail to begin anew", EOVERFLOW);

  sj_jail row{};
  memcpy(row.name, name.str().data(), std::min<size_t>(name.str().size(), SJ_NAME_MAX));
  memcpy(row.root, root.data(), root.size());
  row.profile = std::to_underlying(profile);
  row.created_ns = boot_time_ns();
  row.nports = static_cast<uint32_t>(ports.size());
  std::ranges::transform(ports, row.ports, rows::to_row);
  rows::put_net(row, net);

  const Jid jid = settings_.next_jid++;
  TRY(begin()); // the jid is used up from here on, whatever becomes of the jail
  const auto fill = [&]() -> Status {
    TRY(denied_.update(jid, {}));
    TRY(cpu_.put_zero(jid));
    TRY(permit(jid, row));
    TRY(claim(jid, std::span(row.ports, row.nports)));
    return jails_.update(jid, row, bpf::Put::New);
  };
  auto filled = fill();
  if (filled) {
    filled = end();
    if (!filled) (void)jails_.erase(jid); // nobody will hear of its jid
  }
  if (!filled) TRY(abandon(std::move(filled)));
  return jid;
}

Status Tables::bind_cgroup(Jid jid, uint64_t cgroup_id) {
  sj_jail row = TRY(stored(jid));
  // A member never outlives the row that names it, wherever this is cut off: the old one, which is empty by now, goes
  // before the row forgets it.
  const uint64_t old = std::exchange(row.cgroup_id, cgroup_id);
  row.files = 0;
  if (old != 0 && old != cgroup_id) TRY(members_.erase(old));
  TRY(jails_.update(jid, row, bpf::Put::Present));
  if (cgroup_id == 0) return {};
  return members_.update(cgroup_id, rows::member_of(jid, row));
}

Status Tables::set_quiet(Jid jid, bool quiet) {
  const sj_jail row = TRY(stored(jid));
  sj_member member = rows::member_of(jid, row);
  member.quiet = quiet;
  return members_.update(row.cgroup_id, member, bpf::Put::Present);
}

Status Tables::set_files(Jid jid, uint64_t files) {
  sj_jail row = TRY(stored(jid));
  row.files = files;
  TRY(jails_.update(jid, row, bpf::Put::Present));
  return members_.update(row.cgroup_id, rows::member_of(jid, row), bpf::Put::Present);
}

Status Tables::set_anchor(Jid jid, pid_t pid) {
  sj_jail row = TRY(stored(jid));
  row.anchor = static_cast<uint32_t>(pid);
  return jails_.update(jid, row, bpf::Put::Present);
}

Status Tables::set_supervisor(Jid jid, pid_t pid) {
  sj_jail row = TRY(stored(jid));
  row.supervisor = static_cast<uint32_t>(pid);
  return jails_.update(jid, row, bpf::Put::Present);
}

Status Tables::count_restart(Jid jid) {
  sj_jail row = TRY(stored(jid));
  row.restarts++;
  return jails_.update(jid, row, bpf::Put::Present);
}

Status Tables::add_oom_kills(Jid jid, uint64_t kills) {
  sj_jail row = TRY(stored(jid));
  row.oom_kills += static_cast<uint32_t>(kills);
  return jails_.update(jid, row, bpf::Put::Present);
}

Status Tables::destroy(Jid jid) {
  TRY(ready());
  const sj_jail row = TRY(stored(jid));
  if (row.nports != 0) TRY(check_netns());
  TRY(begin());
  const auto clear = [&]() -> Status {
    TRY(jails_.erase(jid));
    if (row.cgroup_id != 0) TRY(members_.erase(row.cgroup_id));
    TRY(release(jid, rows::ports_of(row)));
    TRY(forbid(jid, row));
    TRY(cpu_.erase(jid));
    const auto counted = TRY(denied_.lookup(jid)).value_or(sj_denied{});
    const bool programs = std::ranges::any_of(counted.count, [](uint64_t count) { return count != 0; });
    TRY(denied_.erase(jid));
    const bool calls = TRY(denied_calls_.erase(jid));
    const bool landlock = TRY(bpf::unless_missing(denied_landlock_.erase(jid)));
    if (!programs && !calls && !landlock)
      return {}; // as of most transient jails: no row to look for in the whole table
    for (const auto &[key, value] : TRY(ledger_.all()))
      if (key.jid == jid) TRY(ledger_.erase(key));
    return {};
  };
  if (auto cleared = clear(); !cleared) return abandon(std::move(cleared));
  return end();
}

} // namespace jails
