#pragma once

#include <span>
#include <string>

namespace jails {

// The words of a command as a shell would take them: joined, in quotes where they would not read back; printable.
std::string quoted_words(std::span<const std::string> words);

} // namespace jails
