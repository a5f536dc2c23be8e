#include "jailmgr/life.h"

#include "cli/members.h"
#include "jail/ending.h"
#include "jailmgr/disk.h"
#include "jailmgr/mounts.h"
#include "jailmgr/ready.h"
#include "journal/store.h"

#include <algorithm>
#include <fmt/format.h>

namespace jailmgr {

using namespace jails;

namespace {

// Absent: not registered, or the model is not loaded (a start will say so).
Result<std::optional<JailRow>> registered(const Instance &instance, const JailName &name) {
  auto row = find_jail(instance, name.str());
  if (row) return std::optional(std::move(*row));
  if (row.error().kind() == ErrorKind::NotFound) return std::optional<JailRow>();
  return std::unexpected(std::move(row).error());
}

// Of a model of another version, which has to be left by a stop.
bool is_foreign(const Result<std::optional<JailRow>> &row) {
  return !row && row.error().kind() == ErrorKind::Unsupported;
}

// A registration that is as the configuration wants it can stay, and with it the jid.
bool same_registration(const Instance &instance, const Spec &spec) {
  auto old = registered_spec(instance, spec.name);
  return old && *old == spec;
}

Status clear_registration(const Instance &instance, const JailRow &row, const NameLock &lock) {
  TRY(recover_jail(instance, row, lock));
  return unregister_jail(instance, row, lock);
}

// Its supervisor knows only that somebody had it stopped. One that ended by itself has told why.
void record_not_ready(const Instance &instance, const JailRow &row, const std::string &why) {
  auto event = journal::event_of(journal::Kind::Stop, row.name, row.jid, why);
  event.cause = journal::Cause::StartFailed;
  (void)journal::append_end(instance, std::move(event));
}

} // namespace

Result<bool> bring_up(const Instance &instance, const Store &store, const JailName &name, With with,
                      const NameLock &lock) {
  const auto config = TRY(store.load(name));
  auto row = TRY(registered(instance, name));
  if (!row || !is_running(instance, name)) TRY(prepare_disk(store, config));
  auto spec = TRY(store.spec(config));
  if (row && row->root != spec.root)
    return fail(ErrorKind::Exists,
                fmt::format("jail {} is registered with root {}, not by jailmgr; 'jailctl destroy {}' unregisters it",
                            name.str(), row->root, name.str()));
  if (row && is_running(instance, name))
    return fail(ErrorKind::Busy, fmt::format("jail {} is already running", name.str()));
  if (row) TRY(recover_jail(instance, *row, lock));
  if (row && !same_registration(instance, spec)) {
    TRY(unregister_jail(instance, *row, lock));
    row.reset();
  }
  const Jid jid = row ? row->jid : TRY(register_jail(instance, spec, lock));
  if (with == With::Nothing) {
    spec.command.clear();
    spec.hooks = spec.hooks.of_jail();
  }
  auto started = start_supervisor(instance, jid, spec);
  if (started) return !row;
  if (!row) {
    const auto fresh = find_jail(instance, name.str());
    const Status cleared = fresh ? clear_registration(instance, *fresh, lock) : Status{};
    if (!cleared)
      return fail(started.error().kind(),
                  fmt::format("{}; and then: {}", started.error().text(), cleared.error().text()));
  }
  return std::unexpected(std::move(started).error());
}

Status start_jail(const Instance &instance, const Store &store, const JailName &name) {
  const auto lock = TRY(NameLock::acquire(instance, name));
  const auto state = TRY(state_of(instance, name));
  if (state.up()) {
    const auto already = [&] { return fail(ErrorKind::Busy, fmt::format("jail {} is already running", name.str())); };
    const auto wanted = TRY(store.load(name)).spec;
    // Without a command it is up too, unless it stands for scripts only, where hooks of its start were left out.
    if (state.word != "idle" || (wanted.command.empty() && wanted.hooks == wanted.hooks.of_jail())) return already();
    if (wanted.command.empty() && TRY(spec_in_force(instance, name)).hooks == wanted.hooks) return already();
    if (const size_t count = TRY(cli::count_members(instance, *state.row)); count != 0)
      return fail(
          ErrorKind::Busy,
          fmt::format("jail {} is up without its command, and scripts or 'jailctl exec' have processes there ({}); "
                      "'jailmgr restart {}' ends them",
                      name.str(), count, name.str()));
    TRY(stop_supervisor(instance, *state.row, 0, lock));
  }
  TRY(bring_up(instance, store, name, With::Command, lock));
  return {};
}

Status make_ready(const Instance &instance, const Store &store, const JailName &name) {
  auto ready = wait_ready(instance, TRY(store.load(name)));
  if (ready) return {};
  const auto state = state_of(instance, name, Patience::None);
  const Status stopped = stop_jail(instance, name);
  if (state && state->up() && stopped) record_not_ready(instance, *state->row, ready.error().text());
  if (!stopped && stopped.error().kind() != ErrorKind::NotFound)
    return fail(ready.error().kind(), fmt::format("{}; and then: {}", ready.error().text(), stopped.error().text()));
  return ready;
}

Status take_down(const Instance &instance, const JailRow &row, const NameLock &lock) {
  const auto name = TRY(JailName::parse(row.name));
  if (is_running(instance, name)) {
    const Status stopped = stop_supervisor(instance, row, supervise::kOwnGrace, lock);
    if (!stopped && stopped.error().kind() != ErrorKind::NotFound)
      return stopped; // NotFound: it ended by itself meanwhile
  }
  return clear_registration(instance, TRY(find_jail(instance, row.name)), lock);
}

Status stop_jail(const Instance &instance, const JailName &name) {
  const auto lock = TRY(NameLock::acquire(instance, name));
  const auto found = registered(instance, name);
  if (is_foreign(found)) return stop_foreign(instance, name, lock);
  if (!found) return std::unexpected(found.error());
  const auto &row = *found;
  if (!row) return fail(ErrorKind::NotFound, fmt::format("jail {} is not running", name.str()));
  return take_down(instance, *row, lock);
}

Result<State> state_of(const Instance &instance, const JailName &name, Patience patience) {
  State state;
  const auto found = registered(instance, name);
  const bool foreign = is_foreign(found); // its supervisor tells all the same
  if (!found && !foreign) return std::unexpected(found.error());
  if (found) state.row = *found;
  if (!state.row && !(foreign && is_running(instance, name))) return state;
  if (!is_running(instance, name)) {
    state.end = failure_of(instance, *state.row);
    state.word = state.end ? "failed" : "ended";
    if (!state.end) state.end = TRY(last_end(instance, name));
    return state;
  }
  auto status = supervisor_status(instance, name, patience);
  if (!status && status.error().kind() == ErrorKind::NotFound) { // it ended meanwhile, or just ends
    state.row = TRY(registered(instance, name));
    if (state.row && patience == Patience::None && is_running(instance, name)) {
      state.word = state.row->anchor != 0 ? "stopping" : "starting";
      state.supervisor.supervisor = static_cast<uint32_t>(state.row->supervisor);
      return state;
    }
    state.word = !state.row ? "stopped" : state.row->supervisor != 0 ? "failed" : "ended";
    return state;
  }
  if (!status) return fail(status.error().kind(), fmt::format("jail {}: {}", name.str(), status.error().text()));
  state.supervisor = std::move(*status);
  state.word = state.supervisor.state;
  return state;
}

Result<State> require_at_rest(const Instance &instance, const Store &store, const JailName &name) {
  TRY(store.require(name));
  auto state = TRY(state_of(instance, name));
  if (state.up())
    return fail(ErrorKind::Busy,
                fmt::format("jail {} is running; stop it first (jailmgr stop {})", name.str(), name.str()));
  const auto rows = list_jails(instance);
  if (!rows && rows.error().kind() != ErrorKind::NotFound) return std::unexpected(rows.error()); // that: not loaded
  if (rows)
    for (const auto &row : *rows)
      if (row.name != name.str() && is_at_or_below(row.root, store.jail_dir(name)))
        return fail(ErrorKind::Busy, fmt::format("jail {} has its root {} below the directory of jail {}", row.name,
                                                 row.root, name.str()));
  TRY(check_no_mounts("jail " + name.str(), store.jail_dir(name)));
  return state;
}

Result<std::vector<NameLock>> lock_names(const Instance &instance, std::vector<JailName> names) {
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  std::vector<NameLock> locks;
  locks.reserve(names.size());
  for (const auto &name : names) locks.push_back(TRY(NameLock::acquire(instance, name)));
  return locks;
}

} // namespace jailmgr
