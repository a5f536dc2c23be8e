#include "secmodel/ledger.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <span>
#include <tuple>

namespace jails {
namespace {

bool is_head(const sj_ledger_key &key) {
  const auto bytes = std::as_bytes(std::span(&key.object, 1));
  return key.comm[0] == 0 && std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

uint64_t boot_time_ns() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now); // as bpf_ktime_get_boot_ns()
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

void again(sj_ledger_row &row, const sj_ledger_row &fresh) {
  row.count++;
  if (row.first_ns == 0) row.first_ns = fresh.first_ns;
  row.last_ns = fresh.last_ns;
  row.uid = fresh.uid;
  row.pid = fresh.pid;
}

} // namespace

Result<std::vector<Denial>> Ledger::rows(Jid jid) const {
  std::vector<Denial> found;
  for (const auto &[key, row] : TRY(rows_.all())) {
    if (key.jid != jid || key.rule >= SJ_RULES || row.count == 0) continue;
    found.push_back({.rule = static_cast<sj_rule>(key.rule),
                     .rest = is_head(key),
                     .object = key.object,
                     .program = std::string(key.comm, strnlen(key.comm, sizeof key.comm)),
                     .count = row.count,
                     .first_ns = row.first_ns,
                     .last_ns = row.last_ns,
                     .uid = row.uid,
                     .pid = row.pid});
  }
  std::ranges::sort(found, [](const Denial &a, const Denial &b) {
    return std::tuple(a.rule, a.rest, b.count, a.first_ns) < std::tuple(b.rule, b.rest, a.count, b.first_ns);
  });
  return found;
}

Status Ledger::reset(Jid jid) const {
  for (const auto &[key, row] : TRY(rows_.all()))
    if (key.jid == jid) TRY(rows_.erase(key));
  return {};
}

Status Ledger::add_call(Jid jid, const Refused &call) const {
  TRY(calls_.update(jid, TRY(calls_.lookup(jid)).value_or(0) + 1));
  return enter(jid, SJ_RULE_SYSCALL, call);
}

Status Ledger::add_landlock(Jid jid, sj_rule rule, const Refused &act) const {
  auto counts = TRY(landlock_.lookup(jid)).value_or(sj_denied_landlock{});
  counts.count[rule == SJ_RULE_SIGNAL          ? SJ_LANDLOCK_SIGNAL
               : rule == SJ_RULE_TRACE         ? SJ_LANDLOCK_TRACE
               : rule == SJ_RULE_CALL_ABSTRACT ? SJ_LANDLOCK_ABSTRACT
                                               : SJ_LANDLOCK_OTHER]++;
  TRY(landlock_.update(jid, counts));
  return enter(jid, rule, act);
}

Status Ledger::add_gaps(Jid jid, uint64_t unread, uint64_t unclear) const {
  auto counts = TRY(landlock_.lookup(jid)).value_or(sj_denied_landlock{});
  counts.unread += unread;
  counts.unclear += unclear;
  return landlock_.update(jid, counts);
}

Status Ledger::enter(Jid jid, sj_rule rule, const Refused &refused) const {
  const uint64_t now = boot_time_ns();
  const sj_ledger_row fresh{
      .count = 1, .first_ns = now, .last_ns = now, .uid = refused.uid, .pid = refused.pid, .listed = 0, .unused = 0};
  sj_ledger_key key{};
  key.jid = jid;
  key.rule = rule;
  key.object = refused.object;
  memcpy(key.comm, refused.program.data(), std::min<size_t>(refused.program.size(), SJ_COMM - 1));
  if (auto row = TRY(rows_.lookup(key))) {
    again(*row, fresh);
    return rows_.update(key, *row);
  }
  sj_ledger_key head_key{};
  head_key.jid = jid;
  head_key.rule = rule;
  auto head = TRY(rows_.lookup(head_key)).value_or(sj_ledger_row{});
  if (head.listed < SJ_LEDGER_SHARE && rows_.update(key, fresh))
    head.listed++;
  else
    again(head, fresh);
  return rows_.update(head_key, head);
}

} // namespace jails
