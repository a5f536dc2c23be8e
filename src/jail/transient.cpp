#include "jail/transient.h"

#include <optional>

namespace jails {

Status transient_jail(const Instance &instance, const Spec &spec, Serve serve) {
  std::optional<NameLock> lock = TRY(NameLock::acquire(instance, spec.name));
  const Jid jid = TRY(register_jail(instance, spec, *lock, false));
  auto run = [&]() -> Status {
    auto supervisor =
        TRY(supervise::Supervisor::start({.instance = instance, .spec = spec, .jid = jid, .recorded = false}));
    return serve(*supervisor, [&] { lock.reset(); });
  };
  auto status = run();
  if (!lock) lock.emplace(TRY(NameLock::acquire(instance, spec.name)));
  const auto row = find_jail(instance, spec.name.str());
  if (row && row->jid == jid) {
    auto gone = unregister_jail(instance, *row, *lock);
    if (!gone && status) return gone;
  }
  return status;
}

} // namespace jails
