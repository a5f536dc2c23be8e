// Records of the kernel's audit log that speak of Landlock, from their text to what was refused. Pure.
//
// Programs of a jail choose names in them. The kernel quotes a name, or writes it in hexadecimal where it has a quote,
// a blank or anything that is not printable ASCII, so a value ends where it seems to. Nobody but the kernel writes
// records of these types: audit(8) takes from programs only others.
#pragma once

#include "secmodel/ledger.h"

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace jails::denial {

enum class AuditType : uint16_t { Call = 1300, Access = 1423, Domain = 1424 }; // AUDIT_SYSCALL, AUDIT_LANDLOCK_*

// Records of one event, as a rule of one system call, have the same.
struct AuditEvent {
  uint64_t ms = 0, serial = 0;
  friend bool operator==(const AuditEvent &, const AuditEvent &) = default;
};

// What a domain refused, to whom is not in it.
struct AccessRecord {
  AuditEvent event;
  uint64_t domain = 0;
  std::string blocker;     // the first of them: "scope.signal", "ptrace", "fs.make_char"
  std::string other, path; // comm of the process it was done to; the file, or the socket's name with its NUL
};
std::optional<AccessRecord> parse_access(std::string_view text); // none: not such a record

struct DomainRecord {
  uint64_t domain = 0;
  pid_t pid = 0; // who made it
};
std::optional<DomainRecord> parse_domain(std::string_view text); // also none: of its end

struct CallRecord {
  AuditEvent event;
  uint32_t nr = 0;
  bool failed = false;
  int64_t exit = 0;
  std::array<uint64_t, 4> args{};
  pid_t pid = 0;
  uint32_t uid = 0;
  std::string program; // comm
};
std::optional<CallRecord> parse_call(std::string_view text);

// Puts the records of one jail's domain together.
class LandlockRecords {
public:
  struct State { // for who goes on with it
    uint64_t domain = 0;
    bool seen_call = false;
  };
  // anchor: who made the domain, and whose own tries are no denials.
  LandlockRecords(pid_t anchor, const State &state) : anchor_(anchor), state_(state) {}

  struct Refused {
    sj_rule rule = SJ_RULE_LANDLOCK;
    sj_object object{};
    std::string program;
    uint32_t uid = 0, pid = 0;
  };
  // One record, in the order in which they came. An act is told when its call has failed with EPERM or EACCES: readdir
  // of /proc asks about every process of the host, and kill(-1) tries each, and neither is refused anything.
  std::optional<Refused> take(AuditType type, std::string_view text);

  [[nodiscard]] const State &state() const { return state_; } // domain 0: not known yet
  // Events to which no record of a call was seen, since the last time this was asked; negative: it came after all. Only
  // until the first such record: afterwards the others are those of calls that did not fail, which are not wanted.
  int64_t unclear();

private:
  static constexpr size_t kPending = 16;
  void access(AccessRecord record);
  std::optional<Refused> call(const CallRecord &record);

  pid_t anchor_;
  State state_;
  std::deque<AccessRecord> pending_; // events whose call has not come
  int64_t unclear_ = 0;
};

} // namespace jails::denial
