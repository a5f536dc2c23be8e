// A jail's denials as `jailctl why` prints them. Pure.
#pragma once

#include "denial/advice.h"
#include "denial/sources.h"
#include "secmodel/ledger.h"
#include "secmodel/tables.h"

#include <string>
#include <vector>

namespace jails::denial {

struct Report {
  JailRow jail;
  std::vector<Denial> denials;
  std::vector<Advice> advice; // one for each denial
  Denials totals;             // since the jail was registered
  std::vector<Source> sources;
};

std::string table(const Report &report);                      // for people
std::string tab_separated(const Report &report, bool header); // RULE ... LAST, ALLOW, REASON; times as time(2) has them
std::string json(const Report &report);                       // one object, indented, ends in a newline

} // namespace jails::denial
