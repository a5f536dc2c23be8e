#include "model/instance.h"

#include "base/text.h"

#include <cstdlib>

namespace jails {

Result<Instance> Instance::from_environment() {
  const char *name = getenv("JAIL_INSTANCE");
  return named(name == nullptr ? "" : name);
}

Result<Instance> Instance::named(std::string_view name) {
  const bool good = name.size() <= 12 && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == name.npos;
  if (!good)
    return fail(ErrorKind::Usage,
                "JAIL_INSTANCE '" + printable(name) + "': expected 1 to 12 characters of a-z and 0-9");
  return Instance(std::string(name));
}

std::string Instance::with_suffix(std::string_view base) const {
  std::string path(base);
  if (!name_.empty()) path.append("-").append(name_);
  return path;
}

std::string Instance::bpffs_dir() const { return with_suffix("/sys/fs/bpf/jail"); }
std::string Instance::cgroup_name() const { return with_suffix("jail"); }
std::string Instance::run_dir() const { return with_suffix("/run/jail"); }
std::string Instance::data_dir() const { return with_suffix("/var/jailmgr"); }
std::string Instance::config_dir() const { return with_suffix("/etc/jailmgr"); }
std::string Instance::log_dir() const { return with_suffix("/var/log/jail"); }

std::string Instance::jail_run_dir(const JailName &jail) const { return run_dir() + "/" + jail.str(); }
std::string Instance::control_socket(const JailName &jail) const { return jail_run_dir(jail) + "/control"; }
// No jail's name begins with a dot, and a user may go through RUN, but not through RUN/NAME.
std::string Instance::exec_socket(const JailName &jail) const { return run_dir() + "/.exec-" + jail.str(); }
std::string Instance::unhealthy_file(const JailName &jail) const { return jail_run_dir(jail) + "/unhealthy"; }
std::string Instance::started_file(const JailName &jail) const { return jail_run_dir(jail) + "/started"; }
std::string Instance::log_file(const JailName &jail) const { return log_dir() + "/" + jail.str() + ".log"; }

} // namespace jails
