#include "loader/loader.h"
#include "loader/objects.h"

namespace jails {

std::vector<ProgramProbe> probe_secmodel() {
  std::vector<ProgramProbe> probes;
  for (const loader::Concern &concern : loader::concerns()) {
    const auto object = loader::load_object(concern, "");
    probes.push_back({.name = std::string(concern.name),
                      .purpose = std::string(concern.purpose),
                      .required = !concern.second_line,
                      .works = object.has_value(),
                      .reason = object ? "" : object.error().text()});
  }
  return probes;
}

} // namespace jails
