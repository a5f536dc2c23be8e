// The ledger of denials (abi/denials.h), read, cleared, and written for what a supervisor refuses.
#pragma once

#include "base/error.h"
#include "model/ids.h"
#include "model/instance.h"
#include "secmodel/bpf.h"

#include "abi/denials.h"

#include <string>
#include <vector>

namespace jails {

// The same thing, refused to the same program.
struct Denial {
  sj_rule rule = SJ_RULES;
  bool rest = false; // what found the rule's share of rows full: object and program say nothing
  sj_object object{};
  std::string program; // comm of the thread, as it called itself; empty: not known
  uint64_t count = 0;
  uint64_t first_ns = 0, last_ns = 0; // CLOCK_BOOTTIME
  uint32_t uid = 0, pid = 0;          // of the last one; pid 0: not known
};

class Ledger {
public:
  // Of a model that Tables::open() has found; its tables are opened when they are used.
  explicit Ledger(const Instance &instance)
      : rows_(instance.bpffs_dir(), "ledger"), calls_(instance.bpffs_dir(), "denied_calls"),
        landlock_(instance.bpffs_dir(), "denied_landlock") {}

  // Sorted by rule, then the most frequent first.
  [[nodiscard]] Result<std::vector<Denial>> rows(Jid jid) const;
  // Forgets a jail's rows; the counters stay. A denial that happens meanwhile may be lost from the rows.
  [[nodiscard]] Status reset(Jid jid) const;
  // For the jail's supervisor, the only writer of these rows.
  struct Refused {
    sj_object object{};
    std::string_view program; // at most 15 bytes count
    uint32_t uid = 0, pid = 0;
  };
  [[nodiscard]] Status add_call(Jid jid, const Refused &call) const;
  // By Landlock: rule is SJ_RULE_SIGNAL, _TRACE, _CALL_ABSTRACT or _LANDLOCK.
  [[nodiscard]] Status add_landlock(Jid jid, sj_rule rule, const Refused &act) const;
  // Audit records that are in no row (struct sj_denied_landlock).
  [[nodiscard]] Status add_gaps(Jid jid, uint64_t unread, uint64_t unclear) const;

private:
  [[nodiscard]] Status enter(Jid jid, sj_rule rule, const Refused &refused) const;

  bpf::Map<sj_ledger_key, sj_ledger_row> rows_;
  bpf::Map<uint32_t, uint64_t> calls_;
  bpf::Map<uint32_t, sj_denied_landlock> landlock_;
};

} // namespace jails
