#include "loader/inspect.h"

#include "base/text.h"
#include "loader/objects.h"
#include "secmodel/bpf.h"
#include "secmodel/rows.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace jails::loader {

std::string jails_exist(const std::vector<std::string> &jails) {
  std::string text = std::to_string(jails.size()) + (jails.size() == 1 ? " jail exists: " : " jails exist: ");
  for (size_t i = 0; i < jails.size(); i++) text += (i == 0 ? "" : ", ") + jails[i];
  return text;
}

std::string other_version_text(uint32_t version) {
  return "the loaded model has version " + std::to_string(version) + ", this program loads version " +
         std::to_string(SJ_ABI_VERSION);
}

// The registered jails, even of a version with other rows: the name stands first in those of every version.
static Result<std::vector<std::string>> jail_names(const std::string &dir) {
  std::vector<std::string> names;
  const auto map = bpf::open_pinned(dir + "/jails");
  if (!map) {
    if (map.error().kind() == ErrorKind::NotFound) return names;
    return std::unexpected(map.error());
  }
  const auto info = TRY(bpf::map_info(*map));
  const auto rows = TRY(bpf::read_all(map->get(), info.key_size, info.value_size));
  for (size_t i = 0; i < rows.count; i++) {
    uint32_t jid = 0;
    memcpy(&jid, rows.keys.get() + i * info.key_size, std::min<size_t>(info.key_size, sizeof(jid)));
    sj_jail row{};
    if (info.value_size >= sizeof(row.name))
      memcpy(row.name, rows.values.get() + i * info.value_size, sizeof(row.name) - 1);
    const auto name = rows::name_of(row);
    names.push_back(name.empty() ? "jid " + std::to_string(jid) : printable(name));
  }
  std::ranges::sort(names);
  return names;
}

// The version stands first in the settings of every version.
static std::optional<uint32_t> version_of(const std::string &dir) {
  const auto map = bpf::open_pinned(dir + "/settings");
  const auto info = map ? bpf::map_info(*map) : std::unexpected(map.error());
  if (!info || info->key_size != sizeof(uint32_t) || info->value_size < sizeof(uint32_t)) return std::nullopt;
  std::vector<char> row(info->value_size);
  const uint32_t zero = 0;
  if (!bpf::lookup(map->get(), &zero, row.data()).value_or(false)) return std::nullopt;
  uint32_t version = 0;
  memcpy(&version, row.data(), sizeof version);
  return version;
}

static ProgramStatus check_program(const Program &program, const std::string &dir, const sj_settings &settings) {
  ProgramStatus status{.name = std::string(program.name),
                       .where = std::string(to_string(program.hook)),
                       .attached = false,
                       .problem = {}};
  if (!bpf::open_pinned(dir + "/progs/" + status.name)) {
    status.problem = "the program is not pinned";
    return status;
  }
  if (program.hook == Hook::Jail) {
    status.attached = true; // wherever a jail wants it
    return status;
  }
  const auto link = bpf::open_pinned(dir + "/links/" + status.name);
  if (!link) {
    status.problem = "the link is not pinned";
    return status;
  }
  const auto info = bpf::link_info(*link);
  const uint64_t wanted = program.hook == Hook::Root     ? settings.root_cgroup
                          : program.hook == Hook::Parent ? settings.parent_cgroup
                                                         : 0;
  if (!info)
    status.problem = info.error().text();
  else if (info->cgroup_id != wanted)
    status.problem = "it hangs on no cgroup or on another one";
  else
    status.attached = true;
  return status;
}

static Status check_cgroups(const Place &place, const sj_settings &settings, std::vector<std::string> &problems) {
  const std::string root = TRY(find_v2_root());
  if (TRY(open_cgroup(root)).id != settings.root_cgroup)
    problems.push_back("the root of the cgroup v2 tree is another");
  const auto parent = open_cgroup(root + "/" + place.parent_name);
  if (!parent && parent.error().kind() != ErrorKind::NotFound) return std::unexpected(parent.error());
  if (!parent)
    problems.push_back("cgroup " + place.parent_name + " is gone");
  else if (parent->id != settings.parent_cgroup)
    problems.push_back("cgroup " + place.parent_name + " was made anew");
  return {};
}

Result<Found> inspect(const Place &place) {
  Found found;
  if (access(place.pins.c_str(), F_OK) != 0) {
    if (errno == ENOENT) return found;
    return fail_errno(place.pins);
  }
  found.pinned = true;
  found.jails = TRY(jail_names(place.pins));
  auto &problems = found.status.problems;
  const auto look_for = [&](std::string_view table) {
    if (!bpf::open_pinned(place.pins + "/" + std::string(table)))
      problems.push_back("table " + std::string(table) + " is missing");
  };
  for (const std::string_view table : table_names()) look_for(table);

  if (const auto version = version_of(place.pins); version && *version != SJ_ABI_VERSION) {
    found.other_version = version;
    problems.push_back(other_version_text(*version));
    return found;
  }
  const auto settings = bpf::Map<uint32_t, sj_settings>::open(place.pins, "settings");
  if (settings) {
    const auto row = TRY(settings->lookup(0));
    if (row && row->abi_version == SJ_ABI_VERSION) found.settings = row;
  }
  if (!found.settings) {
    problems.emplace_back("the settings are missing");
    return found;
  }
  TRY(check_cgroups(place, *found.settings, problems));
  // Where the kernel did not take it when the model was loaded, it misses nothing.
  found.status.second_line = found.settings->second_line != 0;
  if (found.status.second_line)
    for (const std::string_view table : second_line_tables()) look_for(table);
  for (const Concern &concern : concerns())
    for (const Program &program : concern.programs) {
      if (concern.second_line && !found.status.second_line) continue;
      found.status.programs.push_back(check_program(program, place.pins, *found.settings));
      const ProgramStatus &status = found.status.programs.back();
      if (!status.attached) problems.push_back("program " + status.name + ": " + status.problem);
    }
  found.status.loaded = problems.empty();
  found.status.current = found.settings->programs == programs_hash();
  return found;
}

} // namespace jails::loader

namespace jails {

Result<SecmodelStatus> secmodel_status(const Instance &instance) {
  return TRY(loader::inspect(loader::Place(instance))).status;
}

} // namespace jails
