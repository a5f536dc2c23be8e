// net.ipv4.ip_local_reserved_ports: the ports that the kernel does not hand out by itself (bind to port 0, connect).
// It is one text for the whole network namespace, read and written whole: whoever else writes it at the same moment can
// undo our change or we theirs. proc_do_large_bitmap() in kernel/sysctl.c defines the form.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <bitset>
#include <string>
#include <string_view>

namespace jails {

using PortSet = std::bitset<65536>;

Result<PortSet> parse_port_ranges(std::string_view text); // "1-3,8080\n"; Malformed
std::string format_port_ranges(const PortSet &ports);     // one line, no newline; "" for no port

// Keeps other jails programs (of other instances, too) from a change at the same moment, until it is closed. An invalid
// Fd after 50 ms without it: whoever may open /sys/fs/bpf could hold the lock for ever, and a start must not hang on
// that.
Fd lock_reserved_ports();

// Of the network namespace of the calling process.
Result<PortSet> read_reserved_ports();
Status write_reserved_ports(const PortSet &ports);

} // namespace jails
