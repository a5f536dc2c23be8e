#include "jailmgr/undo.h"

#include "base/fd.h"
#include "cgroup/group.h"
#include "config/file.h"
#include "jail/registry.h"
#include "jailmgr/boot.h"
#include "jailmgr/mounts.h"
#include "loader/loader.h"
#include "sys/file.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

Status refuse_while_up(const Instance &instance) {
  const auto rows = list_jails(instance);
  if (!rows) return rows.error().kind() == ErrorKind::NotFound ? Status{} : std::unexpected(rows.error());
  if (rows->empty()) return {};
  std::string names;
  for (const auto &row : *rows) names += (names.empty() ? "" : ", ") + row.name;
  return fail(ErrorKind::Busy, fmt::format("jails are up: {}; stop them first (jailmgr stop --all)", names));
}

Status remove_directory(const std::string &path) {
  const auto slash = path.find_last_of('/');
  const Fd parent(open(path.substr(0, slash).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent) return errno == ENOENT ? Status{} : fail_errno(path);
  TRY_IN(path, sys::remove_tree(parent.get(), path.substr(slash + 1)));
  return {};
}

Status remove_config(const Instance &instance) {
  const std::string file = instance.config_dir() + "/jailmgr.toml";
  const auto text = read_file(file);
  if (!text && text.error().kind() == ErrorKind::NotFound) {
    fmt::print("configuration: there is none\n");
  } else if (text && *text == write_tool({})) {
    if (unlink(file.c_str()) != 0) return fail_errno(file);
    fmt::print("configuration: removed {}\n", file);
  } else {
    fmt::print("configuration: kept {}, it was changed\n", file);
  }
  rmdir(instance.config_dir().c_str()); // only when it is empty
  return {};
}

Status unload(const Instance &instance) {
  {
    const auto lock = TRY(instance_lock(instance));
    const Status done = unload_secmodel(instance);
    if (!done && done.error().kind() != ErrorKind::NotFound) return done;
    fmt::print("secmodel_jail: {}\n", done ? "unloaded" : "is not loaded");
    const auto where = TRY(cgroup::Hierarchies::discover());
    cgroup::remove_parents(where, instance.cgroup_name());
  }
  return remove_directory(instance.run_dir()); // locks only: no jail is registered
}

Status remove_data(const Instance &instance, bool purge) {
  const std::string data = instance.data_dir();
  if (access(data.c_str(), F_OK) != 0 && access(instance.log_dir().c_str(), F_OK) != 0) {
    fmt::print("data: there are none\n");
    return {};
  }
  if (purge) {
    TRY(check_no_mounts("purge", data));
    TRY(remove_directory(data));
    TRY(remove_directory(instance.log_dir()));
    fmt::print("data: removed {} and {}\n", data, instance.log_dir());
    return {};
  }
  TRY(remove_directory(data + "/base/host"));
  rmdir((data + "/base").c_str()); // other bases are not ours
  rmdir((data + "/jails").c_str());
  rmdir(instance.log_dir().c_str());
  const bool kept = access((data + "/base").c_str(), F_OK) == 0 || access((data + "/jails").c_str(), F_OK) == 0;
  if (!kept) TRY(remove_directory(data));
  fmt::print("data: {} {}\n", data,
             kept ? "is kept but for the base 'host' (--purge removes jails, bases and logs)"
                  : "removed, there was no jail");
  return {};
}

} // namespace

Status undo_bootstrap(const Instance &instance, bool purge) {
  TRY(refuse_while_up(instance));
  if (instance.name().empty()) {
    const std::string done = TRY(remove_boot());
    fmt::print("boot: {}\n", done.empty() ? "there was nothing" : done);
  }
  TRY(unload(instance));
  TRY(remove_config(instance));
  return remove_data(instance, purge);
}

} // namespace jailmgr
