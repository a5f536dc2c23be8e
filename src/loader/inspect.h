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
  bool pinned = false;                   // the pin directory exists
  std::optional<sj_settings> settings;   // absent: missing or of another version
  std::optional<uint32_t> other_version; // that version
  std::vector<std::string> jails;        // names (or jids, of another version) of the jails that are registered
  SecmodelStatus status;

  [[nodiscard]] bool complete() const { return status.loaded && status.current; }
};
Result<Found> inspect(const Place &place);

// "the loaded model has version 3, this program loads version 4"
std::string other_version_text(uint32_t version);

// "2 jails exist: db, web"
std::string jails_exist(const std::vector<std::string> &jails);

} // namespace jails::loader
