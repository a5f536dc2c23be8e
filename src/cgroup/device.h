// Block devices by name, by number, or by what stands on them.
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>

namespace jails::cgroup {

// "8:0" of the whole disk (a partition cannot be throttled alone) for "/dev/sda1", "8:1", or, when device is empty, for
// the file system that holds `path`; where that does not exist yet, what is above it. Usage: no such device.
// Unsupported: the file system is on no single disk.
Result<std::string> device_number(std::string_view device, const std::string &path);

} // namespace jails::cgroup
