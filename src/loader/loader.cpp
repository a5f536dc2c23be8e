#include "loader/loader.h"

#include "base/scope.h"
#include "loader/inspect.h"
#include "loader/objects.h"
#include "loader/place.h"
#include "loader/version.h"
#include "secmodel/bpf.h"
#include "secmodel/tables.h"

#include <cerrno>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jails {

using namespace loader;

static Result<uint64_t> netns_cookie() {
  const Fd probe(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!probe) return fail_errno("socket");
  uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  if (getsockopt(probe.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) != 0) return fail_errno("SO_NETNS_COOKIE");
  return cookie;
}

static void note_limits(uint32_t root_level, LoadReport &report) {
  if (root_level != 0)
    report.notes.emplace_back("this is not the root of the machine's cgroup v2 tree: ports are guarded against "
                              "processes of this part of it only");
  struct stat init{}, self{};
  if (stat("/proc/1/ns/net", &init) == 0 && stat("/proc/self/ns/net", &self) == 0 && init.st_ino != self.st_ino)
    report.notes.emplace_back("process 1 has another network namespace: ports are guarded in this one");
}

// The settings as they are to be, everything but the mark of these programs.
static Result<sj_settings> new_settings(const Found &found, const Cgroup &root, const Cgroup &parent, uint32_t level) {
  sj_settings settings{};
  if (found.settings) {
    settings = *found.settings;
  } else {
    settings.abi_version = SJ_ABI_VERSION;
    settings.next_jid = 1;
    settings.netns_cookie = TRY(netns_cookie());
  }
  settings.root_cgroup = root.id;
  settings.parent_cgroup = parent.id;
  settings.programs = 0;
  settings.jail_level = level + 2;
  settings.cpus = TRY(possible_cpus());
  return settings;
}

// Tables that are kept get a second name in the stage, where libbpf finds them.
static Status keep_tables(const Place &place, std::span<const std::string_view> tables) {
  for (const std::string_view table : tables) {
    const std::string name(table);
    const auto map = bpf::open_pinned(place.pins + "/" + name);
    if (map)
      TRY(bpf::pin(*map, place.stage + "/" + name));
    else if (map.error().kind() != ErrorKind::NotFound)
      return std::unexpected(map.error());
  }
  return {};
}

struct Loaded {
  const Concern *concern;
  Object object;
};

// The link that a program of another build hangs by, on the same cgroup.
static Fd link_before(const Place &place, const Program &program, uint64_t cgroup) {
  auto link = bpf::open_pinned(place.pins + "/links/" + std::string(program.name));
  const auto info = link ? bpf::link_info(*link) : std::unexpected(link.error());
  return info && info->cgroup_id == cgroup ? std::move(*link) : Fd();
}

// On a cgroup the new program takes the old one's place in one step, so that nothing is judged, refused or counted by
// both. The others have no such step (tracing links, Linux 6.18): new beside old, until the old one is cleared.
static Status attach_all(const Loaded &loaded, const Place &place, const Cgroup *root, const Cgroup *parent) {
  for (const Program &program : loaded.concern->programs) {
    const Cgroup *const at = program.hook == Hook::Root ? root : program.hook == Hook::Parent ? parent : nullptr;
    const Fd before = at != nullptr ? link_before(place, program, at->id) : Fd();
    TRY(attach_program(loaded.object, program, at != nullptr ? at->dir.get() : -1, place.stage,
                       before ? &before : nullptr));
  }
  return {};
}

// The BPF LSM programs, where this kernel takes them: all of them, or none, and then the model stands without.
static Status try_second_line(const Place &place, const Found &found) {
  if (found.settings) TRY(keep_tables(place, second_line_tables()));
  std::vector<Loaded> loaded;
  for (const Concern &concern : concerns())
    if (concern.second_line) loaded.push_back({&concern, TRY(load_object(concern, place.stage))});
  for (const Loaded &one : loaded) TRY(attach_all(one, place, nullptr, nullptr));
  return {};
}

static bool add_second_line(const Place &place, const Found &found) {
  if (try_second_line(place, found)) return true;
  for (const Concern &concern : concerns())
    for (const Program &program : concern.programs)
      for (const char *kind : {"/links/", "/progs/"})
        if (concern.second_line) unlink((place.stage + kind + std::string(program.name)).c_str());
  for (const std::string_view table : second_line_tables()) unlink((place.stage + "/" + std::string(table)).c_str());
  return false;
}

static Status fill_stage(const Place &place, const Found &found, const Cgroup &root, const Cgroup &parent,
                         sj_settings settings) {
  TRY(make_stage(place));
  if (found.settings) TRY(keep_tables(place, table_names()));
  std::vector<Loaded> loaded;
  for (const Concern &concern : concerns())
    if (!concern.second_line) loaded.push_back({&concern, TRY(load_object(concern, place.stage))});

  // Before any program runs on them.
  const auto settings_map = TRY((bpf::Map<uint32_t, sj_settings>::open(place.stage, "settings")));
  TRY(settings_map.update(0, settings));
  const auto denied = TRY((bpf::Map<uint32_t, sj_denied>::open(place.stage, "denied")));
  if (!TRY(denied.lookup(SJ_HOST))) TRY(denied.update(SJ_HOST, {}));

  for (const Loaded &one : loaded) TRY(attach_all(one, place, &root, &parent));
  settings.second_line = add_second_line(place, found) ? 1 : 0;
  return settings_map.update(0, settings);
}

// Last: another build's programs count as replaced only once they are.
static Status mark_programs(const Place &place) {
  const auto map = TRY((bpf::Map<uint32_t, sj_settings>::open(place.pins, "settings")));
  auto settings = TRY(map.lookup(0));
  settings->programs = programs_hash();
  return map.update(0, *settings);
}

static Status build(const Place &place, const Found &found, LoadReport &report) {
  const std::string root_path = TRY(find_v2_root());
  const Cgroup root = TRY(open_cgroup(root_path));
  const uint32_t root_level = TRY(cgroup_level(root.id));
  note_limits(root_level, report);

  UndoList undo;
  const bool had_parent = open_cgroup(root_path + "/" + place.parent_name).has_value();
  const Cgroup parent = TRY(make_parent(place, root_path));
  if (!had_parent) undo.add([&] { static_cast<void>(remove_parent(place)); });
  undo.add([&] { static_cast<void>(clear_stage(place)); });
  const sj_settings settings = TRY(new_settings(found, root, parent, root_level));
  TRY_IN("secmodel_jail", fill_stage(place, found, root, parent, settings));
  TRY(swap_in(place));
  undo.dismiss();
  TRY(mark_programs(place));
  TRY(clear_stage(place)); // the programs that were replaced
  return {};
}

Result<LoadReport> load_secmodel(const Instance &instance) {
  const Place place(instance);
  LoadReport report;
  report.mounted_bpffs = TRY(mount_bpffs());
  report.cleared = TRY(clear_stage(place));
  const Found found = TRY(inspect(place));
  if (found.complete()) {
    report.already_loaded = true;
    return report;
  }
  if (found.other_version) {
    TRY(leave_version(instance, place, *found.other_version));
    for (const auto &jail : found.jails)
      report.notes.push_back("jail " + jail +
                             " was registered with the other version, and is not any more; jailmgr "
                             "registers its jails when it starts them");
  }
  if (found.pinned) {
    if (!found.other_version && !found.settings && !found.jails.empty())
      return fail(ErrorKind::Busy, "secmodel_jail: " + found.status.problems.back() + ", and " +
                                       jails_exist(found.jails) + ": stop them first");
    report.repaired = found.status.problems;
    if (found.settings && !found.status.current) report.repaired.emplace_back("the programs were of another build");
  }
  TRY(build(place, found, report));
  if (found.pinned) {
    Tables tables = TRY(Tables::open(instance));
    for (std::string &line : TRY(tables.repair())) report.repaired.push_back(std::move(line));
  }
  return report;
}

Status unload_secmodel(const Instance &instance) {
  const Place place(instance);
  const Found found = TRY(inspect(place));
  if (found.other_version)
    TRY(leave_version(instance, place, *found.other_version));
  else if (!found.jails.empty())
    return fail(ErrorKind::Busy, jails_exist(found.jails), EBUSY);
  const bool left = !found.pinned && TRY(clear_stage(place));
  if (found.pinned) {
    TRY(clear_stage(place));
    // What a cut-off change left in the sysctl goes with the tables that know of it.
    if (found.settings && found.status.loaded) TRY(TRY(Tables::open(instance)).repair());
  }
  TRY(remove_parent(place));
  if (!found.pinned && !left) return fail(ErrorKind::NotFound, "secmodel_jail is not loaded");
  if (!found.pinned) return {};
  TRY(swap_out(place));
  TRY(clear_stage(place));
  return {};
}

} // namespace jails
