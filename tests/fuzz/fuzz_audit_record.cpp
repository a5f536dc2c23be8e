// Any bytes as records of the audit log: no crash, what comes out fits into a row of the ledger, and the filter of the
// kernel lets nothing through that would not be looked at.
#include "denial/audit_record.h"
#include "denial/report.h"
#include "require.h"

#include <algorithm>

using namespace jails;
using namespace jails::denial;

// One record a line; the first byte says of which type.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view rest = as_text(data, size);
  LandlockRecords records(7, LandlockRecords::State{});
  int64_t unclear = 0, told = 0, lines = 0;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.empty()) continue;
    lines++;
    const auto type = line[0] == 'a'   ? AuditType::Access
                      : line[0] == 'd' ? AuditType::Domain
                      : line[0] == 'c' ? AuditType::Call
                                       : static_cast<AuditType>(line[0]);
    line.remove_prefix(1);
    if (const auto access = parse_access(line)) REQUIRE(access->domain != 0 && !access->blocker.empty());
    if (const auto call = parse_call(line)) REQUIRE(call->pid > 0 && call->program.size() <= 4096);
    const uint64_t domain = records.state().domain;
    const auto refused = records.take(type, line);
    REQUIRE(records.state().domain == domain || type == AuditType::Domain);
    unclear += records.unclear();
    REQUIRE(unclear >= 0);
    if (!refused) continue;
    told++;
    REQUIRE(type == AuditType::Call && records.state().domain != 0 && refused->pid != 7);
    Denial denial;
    denial.rule = refused->rule;
    denial.object = refused->object;
    const std::string text = object_text(denial);
    REQUIRE(text.find('\n') == text.npos && text.size() < 1024);
  }
  REQUIRE(2 * told <= lines);
  return 0;
}
