// What of a loaded model is there.
#pragma once

#include "base/error.h"
#include "loader/loader.h"
#include "loader/place.h"

#include "abi/secmodel_jail.h"

#include <optional>
#include <string>
#include <vector>

namespace jails::loader {

struct Found {
  bool pinned = false;                 // the pin directory exists
  std::optional<sj_settings> settings; // absent: missing or of another version
  std::vector<std::string> jails;      // names (or jids, of another version) of the jails that are registered
  SecmodelStatus status;

  [[nodiscard]] bool complete() const { return status.loaded && status.current; }
};
Result<Found> inspect(const Place &place);

// "2 jails exist: db, web"
std::string jails_exist(const std::vector<std::string> &jails);

} // namespace jails::loader
