#pragma once

#include <string_view>

namespace jails {

// Where a program without a slash is looked for, in a jail and for hooks on the host.
inline constexpr std::string_view kProgramPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

} // namespace jails
