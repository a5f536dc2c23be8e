// A denial in words: what `jailctl why` prints of a row.
#pragma once

#include "secmodel/ledger.h"

#include <string>

namespace jails::denial {

// "tcp/80@127.0.0.1", "character 1:11 (kmsg), read", "net/ipv4/ip_forward", "ptrace(request=16)". One line, printable.
std::string object_text(const Denial &denial);

// The address of an object that has a port, alone: "127.0.0.1", "fd00::5".
std::string address_text(const sj_object &object);

// "sh (uid 0)"; "-" where it is not known.
std::string program_text(const Denial &denial);

// "2026-11-22 15:04:05", local time by the clock as it is set now. ns: CLOCK_BOOTTIME.
std::string time_text(uint64_t ns);
int64_t unix_seconds(uint64_t ns); // the same moment as time(2) has it

} // namespace jails::denial
