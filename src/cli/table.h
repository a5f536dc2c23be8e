#pragma once

#include <string>
#include <vector>

namespace jails::cli {

// Columns as wide as their widest cell, two blanks apart. The first row is the header. Cells come printable.
std::string align(const std::vector<std::vector<std::string>> &rows);

} // namespace jails::cli
