// Reports as text.
#pragma once

#include "verify/report.h"

#include <span>
#include <string>

namespace jails::verify {

std::string table(const Report &report); // for people: rows, summary, lines of defence
std::string tab_separated(const Report &report, bool header);
// {"jails": [...]}, one object a jail, as in jailctl(8). Ends in a newline.
std::string json(std::span<const Report> reports);

} // namespace jails::verify
