// What a supervisor wants of the host's audit log, for the kernel to leave out the rest (SO_ATTACH_FILTER): a log that
// is busy with other things wakes nobody.
#pragma once

#include <cstdint>
#include <linux/filter.h>
#include <vector>

namespace jails::denial {

// Lets pass: records of Landlock, of this domain alone where it is known (not 0), and of system calls that failed with
// EPERM or EACCES, for they say who it was. Of a netlink message, its header included. Never more than 65535 bytes.
std::vector<sock_filter> audit_filter(uint64_t domain);

} // namespace jails::denial
