// Every place that a jails installation uses comes from one setting, so that a test instance can live beside the jails
// of the machine. Environment JAIL_INSTANCE=NAME (1 to 12 of [a-z0-9]) selects another set; unset is the machine's own.
#pragma once

#include "base/error.h"
#include "model/ids.h"

#include <string>
#include <string_view>

namespace jails {

class Instance {
public:
  static Result<Instance> from_environment();           // Usage on a bad JAIL_INSTANCE
  static Result<Instance> named(std::string_view name); // "" is the machine's own

  [[nodiscard]] const std::string &name() const { return name_; }
  [[nodiscard]] std::string bpffs_dir() const;   // /sys/fs/bpf/jail[-NAME]
  [[nodiscard]] std::string cgroup_name() const; // jail[-NAME], below the root of each hierarchy
  [[nodiscard]] std::string run_dir() const;     // /run/jail[-NAME], 0711
  [[nodiscard]] std::string data_dir() const;    // /var/jailmgr[-NAME], 0700
  [[nodiscard]] std::string config_dir() const;  // /etc/jailmgr[-NAME]
  [[nodiscard]] std::string log_dir() const;     // /var/log/jail[-NAME], 0700

  [[nodiscard]] std::string jail_run_dir(const JailName &jail) const;   // RUN/NAME
  [[nodiscard]] std::string control_socket(const JailName &jail) const; // RUN/NAME/control
  [[nodiscard]] std::string exec_socket(const JailName &jail) const;    // RUN/.exec-NAME, for users of the host
  [[nodiscard]] std::string started_file(const JailName &jail) const;   // RUN/NAME/started
  [[nodiscard]] std::string unhealthy_file(const JailName &jail) const; // RUN/NAME/unhealthy, while it is
  [[nodiscard]] std::string log_file(const JailName &jail) const;       // LOG/NAME.log

private:
  explicit Instance(std::string name) : name_(std::move(name)) {}
  [[nodiscard]] std::string with_suffix(std::string_view base) const;
  std::string name_;
};

} // namespace jails
