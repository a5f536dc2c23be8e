// The rows of "jails" are the truth; these functions make every other table follow from them again.
#include "secmodel/port_sysctl.h"
#include "secmodel/rows.h"
#include "secmodel/tables.h"

#include "base/text.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <unordered_map>

namespace jails {

static std::string number(uint64_t value) { return std::to_string(value); }

Result<std::vector<std::string>> Tables::repair() {
  settings_ = TRY(settings());
  TRY(begin());
  auto done = TRY(repair_rows());
  TRY(end());
  return done;
}

Result<std::vector<std::string>> Tables::repair_rows() {
  std::vector<std::string> done;
  const auto jails = TRY(jails_.all());
  TRY(repair_members(jails, done));
  TRY(repair_counters(jails, done));
  TRY(repair_grants(jails, done));
  TRY(repair_ledger(jails, done));
  TRY(repair_ports(jails, done));
  TRY(repair_bitmap(jails, done));
  return done;
}

Status Tables::repair_members(const std::vector<Stored> &jails, std::vector<std::string> &done) {
  std::unordered_map<uint64_t, sj_member> wanted;
  for (const auto &[jid, row] : jails)
    if (row.cgroup_id != 0) wanted.emplace(row.cgroup_id, rows::member_of(jid, row));
  for (const auto &[cgroup, member] : TRY(members_.all())) {
    const auto want = wanted.find(cgroup);
    if (want != wanted.end() && memcmp(&want->second, &member, sizeof(member)) == 0) {
      wanted.erase(want);
    } else if (want == wanted.end()) {
      TRY(members_.erase(cgroup));
      done.push_back("cgroup " + number(cgroup) + " of jid " + number(member.jid) + ", which is gone: removed");
    }
  }
  for (const auto &[cgroup, member] : wanted) {
    TRY(members_.update(cgroup, member));
    done.push_back("cgroup " + number(cgroup) + " of jid " + number(member.jid) + ": entered");
  }
  return {};
}

Status Tables::repair_counters(const std::vector<Stored> &jails, std::vector<std::string> &done) {
  const auto is_jail = [&](Jid jid) { return std::ranges::find(jails, jid, &Stored::first) != jails.end(); };
  for (const auto &[jid, values] : TRY(cpu_.all()))
    if (!is_jail(jid)) {
      TRY(cpu_.erase(jid));
      done.push_back("CPU times of jid " + number(jid) + ", which is gone: removed");
    }
  for (const auto &[jid, value] : TRY(denied_.all()))
    if (jid != SJ_HOST && !is_jail(jid)) {
      TRY(denied_.erase(jid));
      done.push_back("counters of jid " + number(jid) + ", which is gone: removed");
    }
  if (!TRY(denied_.lookup(SJ_HOST))) TRY(denied_.update(SJ_HOST, {}));
  for (const auto &[jid, row] : jails) {
    if (TRY(cpu_.lookup(jid)).empty()) {
      TRY(cpu_.put_zero(jid));
      done.push_back("CPU times of jid " + number(jid) + ": begun anew");
    }
    if (!TRY(denied_.lookup(jid))) {
      TRY(denied_.update(jid, {}));
      done.push_back("counters of jid " + number(jid) + ": begun anew");
    }
  }
  return {};
}

Status Tables::repair_ledger(const std::vector<Stored> &jails, std::vector<std::string> &done) {
  const auto is_jail = [&](Jid jid) { return std::ranges::find(jails, jid, &Stored::first) != jails.end(); };
  for (const auto &[jid, value] : TRY(denied_calls_.all()))
    if (!is_jail(jid)) {
      TRY(denied_calls_.erase(jid));
      done.push_back("counter of calls of jid " + number(jid) + ", which is gone: removed");
    }
  for (const auto &[jid, value] : TRY(bpf::unless_missing(denied_landlock_.all())))
    if (!is_jail(jid)) {
      TRY(denied_landlock_.erase(jid));
      done.push_back("counters of Landlock of jid " + number(jid) + ", which is gone: removed");
    }
  size_t rows = 0;
  for (const auto &[key, value] : TRY(ledger_.all()))
    if (key.jid != SJ_HOST && !is_jail(key.jid)) rows += TRY(ledger_.erase(key));
  if (rows != 0) done.push_back(number(rows) + " rows of the ledger of jails that are gone: removed");
  return {};
}

static bool same_row(const sj_port_row &a, const sj_port_row &b) {
  if (a.count != b.count || a.count > SJ_CLAIMS_MAX || a.sysctl_added != b.sysctl_added) return false;
  const auto claims = [](const sj_port_row &row) { return std::span(row.claim, row.count); };
  return std::ranges::all_of(claims(a), [&](const sj_claim &claim) {
    return std::ranges::any_of(claims(b),
                               [&](const sj_claim &other) { return !memcmp(&claim, &other, sizeof(claim)); });
  });
}

Status Tables::repair_ports(const std::vector<Stored> &jails, std::vector<std::string> &done) {
  std::map<uint32_t, sj_port_row> wanted;
  for (const auto &[jid, jail] : jails)
    for (const sj_port &port : rows::ports_of(jail)) {
      sj_port_row &row = wanted[port.port];
      if (row.count < SJ_CLAIMS_MAX) row.claim[row.count++] = rows::claim_of(jid, port);
      row.sysctl_added |= port.sysctl_added;
    }
  const auto present = TRY(ports_.all());
  if (wanted.empty() && present.empty()) return {};
  TRY(check_netns());
  const Fd lock = lock_reserved_ports();
  PortSet sysctl = TRY(read_reserved_ports());
  const PortSet before = sysctl;

  std::vector<uint32_t> orphans;
  for (const auto &[port, row] : present) {
    const auto want = wanted.find(port);
    if (want == wanted.end()) {
      orphans.push_back(port);
      if (row.sysctl_added) sysctl.reset(port & 0xffff);
      done.push_back("claims on port " + number(port) + ", which no jail has reserved: removed");
      continue;
    }
    if (!same_row(want->second, row)) {
      TRY(ports_.update(port, want->second));
      done.push_back("claims on port " + number(port) + ": put right");
    }
    if (want->second.sysctl_added) sysctl.set(port & 0xffff);
    wanted.erase(want);
  }
  for (auto &[port, row] : wanted) {
    TRY(ports_.update(port, row));
    if (row.sysctl_added) sysctl.set(port);
    done.push_back("claims on port " + number(port) + ": entered");
  }
  // Rows that say what we added to the sysctl stay until it no longer holds it.
  if (sysctl != before) {
    TRY(write_reserved_ports(sysctl));
    done.push_back("net.ipv4.ip_local_reserved_ports: put right");
  }
  for (const uint32_t port : orphans) TRY(ports_.erase(port));
  return {};
}

Status Tables::repair_bitmap(const std::vector<Stored> &jails, std::vector<std::string> &done) {
  std::vector<uint64_t> wanted(SJ_RESERVED_WORDS);
  for (const auto &[jid, jail] : jails)
    for (const sj_port &port : rows::ports_of(jail)) wanted[port.port / 64] |= 1ULL << port.port % 64;
  for (const auto &[word, bits] : TRY(reserved_.all())) {
    if (bits == wanted[word]) continue;
    TRY(reserved_.update(word, wanted[word]));
    const uint64_t first = uint64_t{word} * 64;
    done.push_back("bits of the ports " + number(first) + " to " + number(first + 63) + ": put right");
  }
  return {};
}

} // namespace jails
