#include "jail/ending.h"

#include "jail/registry.h"
#include "journal/store.h"

#include <algorithm>

namespace jails {
namespace {

journal::Event killed_supervisor(const JailRow &row) {
  auto event = event_of(journal::Kind::Stop, row.name, row.jid);
  event.cause = journal::Cause::SupervisorKilled;
  return event;
}

// Started and never stopped, in a boot that is over.
std::optional<journal::Event> cut_off(const Instance &instance, const JailName &name) {
  const auto events = journal::read_events(instance, [&](const journal::Event &event) {
    return event.jail == name.str() && (event.kind == journal::Kind::Start || event.kind == journal::Kind::Stop ||
                                        event.kind == journal::Kind::Failed);
  });
  if (!events || events->empty() || events->back().kind != journal::Kind::Start) return std::nullopt;
  const auto &start = events->back();
  if (start.boot.empty() || start.boot == journal::boot_id()) return std::nullopt;
  auto event = event_of(journal::Kind::Stop, name.str(), start.jid);
  event.cause = journal::Cause::Shutdown;
  event.restarts = start.restarts;
  event.text = "while it ran";
  return event;
}

} // namespace

Result<std::optional<journal::Event>> last_end(const Instance &instance, const JailName &name) {
  auto last = TRY(journal::read_last(instance, name));
  if (is_running(instance, name)) return last;
  if (const auto row = find_jail(instance, name.str()); row && row->supervisor != 0) return killed_supervisor(*row);
  if (auto cut = cut_off(instance, name)) return cut;
  return last;
}

std::optional<journal::Event> failure_of(const Instance &instance, const JailRow &row) {
  const auto name = JailName::parse(row.name);
  if (!name || is_running(instance, *name)) return std::nullopt;
  if (row.supervisor != 0) return killed_supervisor(row);
  auto last = journal::read_last(instance, *name);
  if (!last || !*last || (*last)->jid != row.jid) return std::nullopt;
  const bool failed = (*last)->kind == journal::Kind::Failed || (*last)->cause == journal::Cause::SupervisorKilled;
  return failed ? std::move(*last) : std::nullopt;
}

} // namespace jails
