#include "jail/registry.h"

#include "base/scope.h"
#include "cgroup/group.h"
#include "jail/listeners.h"
#include "jail/public_list.h"
#include "journal/store.h"
#include "launch/root.h"
#include "supervise/host_hook.h"
#include "supervise/protocol.h"
#include "sys/file.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <unistd.h>

namespace jails {
namespace {

constexpr int kEndMs = 10000;

std::string spec_file(const Instance &instance, const JailName &name) { return instance.jail_run_dir(name) + "/spec"; }

// Not a transient jail, whose events nobody is told.
bool is_kept(const Instance &instance, const JailName &name) {
  return access(spec_file(instance, name).c_str(), F_OK) == 0;
}

void remove_run_dir(const Instance &instance, const std::string &name) {
  const Fd run(open(instance.run_dir().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (run) (void)sys::remove_tree(run.get(), name);
}

} // namespace

Result<sys::FileLock> instance_lock(const Instance &instance) {
  TRY(make_run_dir(instance));
  return sys::FileLock::acquire(instance.run_dir() + "/lock");
}

Result<NameLock> NameLock::acquire(const Instance &instance, const JailName &name) {
  TRY(make_run_dir(instance));
  return NameLock(TRY(sys::FileLock::acquire(instance.run_dir() + "/" + name.str() + ".lock")));
}

// A transient jail whose `run` was killed, or has not come to clear it yet: whoever has the name lock may do so.
static Result<bool> clear_transient(const Instance &instance, const JailRow &row, const NameLock &lock) {
  const auto name = TRY(JailName::parse(row.name));
  if (is_running(instance, name) || access(spec_file(instance, name).c_str(), F_OK) == 0 || errno != ENOENT)
    return false;
  TRY(recover_jail(instance, row, lock));
  TRY(unregister_jail(instance, row, lock));
  return true;
}

// The row, and what follows from it; all of it or nothing.
static Result<Jid> enter_row(const Instance &instance, Tables &tables, const Spec &spec) {
  auto lock = std::optional(TRY(instance_lock(instance)));
  const Jid jid = TRY(tables.create_jail(spec.name, spec.root, spec.profile, spec.ports, spec.net));
  ScopeExit undo([&] {
    if (!lock)
      if (auto again = instance_lock(instance)) lock.emplace(std::move(*again));
    (void)tables.destroy(jid);
    (void)publish_list(instance, tables);
  });
  TRY(publish_list(instance, tables));
  lock.reset();
  // Only now are the ports ours for sure: nobody can begin to listen on one any more.
  TRY(check_ports_free(spec.ports));
  undo.dismiss();
  return jid;
}

Result<Jid> register_jail(const Instance &instance, const Spec &spec, const NameLock &name_lock, bool keep_spec) {
  TRY(validate(spec));
  auto tables = TRY(Tables::open(instance));
  TRY(launch::open_root(spec.root));
  if (const auto there = tables.find(spec.name.str()); there && !TRY(clear_transient(instance, *there, name_lock)))
    return fail(ErrorKind::Exists, fmt::format("jail {} exists already (jid {})", there->name, there->jid));
  ScopeExit undo([&] { remove_run_dir(instance, spec.name.str()); });
  TRY(sys::make_dir(instance.jail_run_dir(spec.name), 0700));
  // The row comes last: with a directory and no row the next register starts over.
  if (keep_spec) TRY(sys::replace_file(spec_file(instance, spec.name), supervise::encode(spec), 0600));
  const Jid jid = TRY(enter_row(instance, tables, spec));
  undo.dismiss();
  if (keep_spec) (void)journal::append(instance, event_of(journal::Kind::Create, spec.name.str(), jid, spec.root));
  return jid;
}

// What a supervisor that was killed had begun. A hook that fails keeps nobody from going on.
static void undo_hooks(const Instance &instance, const JailName &name, Jid jid) {
  if (access(supervise::poststop_file(instance, name).c_str(), F_OK) != 0) return;
  constexpr size_t kMax = 1U << 20U;
  const auto bytes = sys::read_file(instance.started_file(name), kMax);
  const auto spec = bytes ? supervise::decode_spec(*bytes) : std::unexpected(bytes.error());
  const auto done = spec ? supervise::run_poststop(instance, *spec, jid)
                         : Status(fail(ErrorKind::System, "hook poststop: " + spec.error().text()));
  if (!done) (void)journal::append(instance, event_of(journal::Kind::Hook, name.str(), jid, done.error().text()));
}

Status recover_jail(const Instance &instance, const JailRow &row, const NameLock &, const std::string &why) {
  const auto name = TRY(JailName::parse(row.name));
  if (is_running(instance, name)) return {};
  if (row.supervisor == 0 && row.cgroup_id == 0) return {};
  auto tables = TRY(Tables::open(instance));
  const auto where = TRY(cgroup::Hierarchies::discover());
  auto group = cgroup::Group::open(where, instance.cgroup_name(), name);
  if (group) {
    TRY(group->kill());
    TRY(group->wait_empty(kEndMs));
    TRY(group->remove());
  } else if (group.error().kind() != ErrorKind::NotFound) {
    return std::unexpected(std::move(group).error());
  }
  unlink(instance.control_socket(name).c_str());
  unlink(instance.exec_socket(name).c_str());
  unlink(instance.unhealthy_file(name).c_str());
  undo_hooks(instance, name, row.jid);
  // While the row still says so: killed in between, this is told twice, and not never.
  if (is_kept(instance, name)) {
    auto event = event_of(journal::Kind::Stop, row.name, row.jid, why);
    event.cause = journal::Cause::SupervisorKilled;
    (void)journal::append_end(instance, std::move(event));
  }
  const auto lock = TRY(instance_lock(instance));
  TRY(tables.set_anchor(row.jid, 0));
  TRY(tables.set_supervisor(row.jid, 0));
  return tables.bind_cgroup(row.jid, 0);
}

Status unregister_jail(const Instance &instance, const JailRow &row, const NameLock &) {
  auto tables = TRY(Tables::open(instance));
  {
    const auto lock = TRY(instance_lock(instance));
    TRY(tables.destroy(row.jid));
    TRY(publish_list(instance, tables));
  }
  const auto name = JailName::parse(row.name);
  if (name && is_kept(instance, *name))
    (void)journal::append(instance, event_of(journal::Kind::Destroy, row.name, row.jid));
  remove_run_dir(instance, row.name);
  return {};
}

Result<Spec> registered_spec(const Instance &instance, const JailName &name) {
  constexpr size_t kMax = 1U << 20U;
  const auto bytes = sys::read_file(spec_file(instance, name), kMax);
  if (!bytes && bytes.error().sys_errno() == ENOENT)
    return fail(ErrorKind::NotFound, fmt::format("jail {} was made by 'jailctl run', which has ended", name.str()));
  if (!bytes) return std::unexpected(bytes.error());
  return TRY_IN(spec_file(instance, name), supervise::decode_spec(*bytes));
}

Status register_limits(const Instance &instance, const JailName &name, const Limits &limits, const NameLock &) {
  auto spec = registered_spec(instance, name);
  if (!spec && spec.error().kind() == ErrorKind::NotFound) return {};
  if (!spec) return std::unexpected(std::move(spec).error());
  spec->limits = limits;
  TRY(validate(*spec));
  return sys::replace_file(spec_file(instance, name), supervise::encode(*spec), 0600);
}

Result<Spec> spec_in_force(const Instance &instance, const JailName &name) {
  constexpr size_t kMax = 1U << 20U;
  auto registered = registered_spec(instance, name);
  if (registered && !is_running(instance, name)) return registered;
  const auto bytes = sys::read_file(instance.started_file(name), kMax);
  if (!bytes && registered) return registered; // it is only starting
  if (!bytes) return std::unexpected(bytes.error());
  return TRY_IN(instance.started_file(name), supervise::decode_spec(*bytes));
}

bool is_running(const Instance &instance, const JailName &name) {
  return sys::FileLock::held(instance.jail_run_dir(name) + "/supervisor.lock");
}

Result<JailRow> find_jail(const Instance &instance, std::string_view name_or_jid) {
  auto row = TRY(Tables::open(instance)).find(name_or_jid);
  if (row || row.error().kind() != ErrorKind::NotFound) return row;
  const auto name = JailName::parse(name_or_jid);
  if (!name || access((instance.data_dir() + "/jails/" + name->str()).c_str(), F_OK) != 0) return row;
  return fail(ErrorKind::NotFound, fmt::format("jail {0} is stopped; 'jailmgr start {0}' starts it", name->str()));
}

Result<std::vector<JailRow>> list_jails(const Instance &instance) { return TRY(Tables::open(instance)).list(); }

} // namespace jails
