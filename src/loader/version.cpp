#include "loader/version.h"

#include "loader/inspect.h"
#include "secmodel/bpf.h"
#include "secmodel/port_sysctl.h"
#include "sys/file.h"
#include "sys/lock.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <vector>

namespace jails::loader {
namespace {

// By the locks of their supervisors: the layout of the rows is another.
Result<std::vector<std::string>> running_jails(const Instance &instance) {
  std::vector<std::string> names;
  const Fd dir(open(instance.run_dir().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir) return errno == ENOENT ? Result<std::vector<std::string>>(names) : fail_errno(instance.run_dir());
  for (const auto &entry : TRY(sys::names_in(dir.get()))) {
    const auto name = JailName::parse(entry);
    if (name && sys::FileLock::held(instance.jail_run_dir(*name) + "/supervisor.lock")) names.push_back(entry);
  }
  std::ranges::sort(names);
  return names;
}

// Ports that its jails put into the sysctl. The key is the port, and count and sysctl_added stand first, in the rows of
// every version.
Status give_back_ports(const Place &place) {
  const auto map = bpf::open_pinned(place.pins + "/ports");
  if (!map) return map.error().kind() == ErrorKind::NotFound ? Status{} : std::unexpected(map.error());
  const auto info = TRY(bpf::map_info(*map));
  uint32_t front[2] = {};
  if (info.key_size != sizeof(uint32_t) || info.value_size < sizeof front) return {};
  const auto rows = TRY(bpf::read_all(map->get(), info.key_size, info.value_size));
  const Fd lock = lock_reserved_ports();
  auto ports = TRY(read_reserved_ports());
  bool changed = false;
  for (size_t i = 0; i < rows.count; i++) {
    uint32_t port = 0;
    memcpy(&port, rows.keys.get() + i * sizeof port, sizeof port);
    memcpy(front, rows.values.get() + i * info.value_size, sizeof front);
    if (front[1] == 0 || port >= ports.size() || !ports.test(port)) continue;
    ports.reset(port);
    changed = true;
  }
  return changed ? write_reserved_ports(ports) : Status{};
}

} // namespace

Status leave_version(const Instance &instance, const Place &place, uint32_t version) {
  const auto running = TRY(running_jails(instance));
  if (running.empty()) return give_back_ports(place);
  std::string names;
  for (const auto &name : running) names += (names.empty() ? "" : ", ") + name;
  return fail(ErrorKind::Busy,
              "secmodel_jail: " + other_version_text(version) + ", and jails run: " + names +
                  "; stop them first ('jailmgr stop --all', 'jailctl stop')",
              EBUSY);
}

} // namespace jails::loader
