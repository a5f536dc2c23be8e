// What has to be done so that a jail is as it is declared.
#pragma once

#include "base/error.h"
#include "jailmgr/store.h"

#include <string>
#include <vector>

namespace jailmgr {

struct Plan {
  bool make = false;                  // its directory, and its root where it has one of its own
  bool provision = false;             // its script is another one than was run last
  std::vector<std::string> limits{};  // of the running jail, as words of change_limits()
  std::vector<std::string> restart{}; // keys that the running jail has otherwise; not empty: it has to be restarted
  bool start = false;
  bool prune = false; // it has no configuration any more: stop, and destroy with all its data
  [[nodiscard]] bool empty() const {
    return !make && !provision && limits.empty() && restart.empty() && !start && !prune;
  }
};

// wanted: it is to run. Otherwise one that is down stays so. Errors are those that a start would have, as far as they
// can be told; nothing is changed.
jails::Result<Plan> plan_jail(const jails::Instance &instance, const Store &store, const jails::JailName &name,
                              bool wanted);

// "make its root", "restart for: command, ports": for people, what will be done.
std::vector<std::string> to_texts(const Plan &plan);

// The script that [provision] names; empty: none.
jails::Result<std::string> provision_script(const Store &store, const jails::JailConfig &config);

} // namespace jailmgr
